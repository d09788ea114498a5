/**
 * What every page has round it: the theme button, how many alerts are open, word of new ones, and a
 * warning when nobody gets them.
 * @module
 */

import { get } from "./api.js";
import { byId } from "./dom.js";
import { tell } from "./notices/teller.js";
import { NEWS } from "./stream.js";
import { mountThemeButton } from "./theme.js";
import { warnOfDeadChannels } from "./undelivered.js";

const MOST_COUNTED = 99;
const SOON_MS = 400;

const count = document.getElementById("open-alerts");
let timer = 0;

/** How many alerts are open; without an answer the last number stays. */
async function countAlerts() {
  const { alerts } = await get("/alerts", { state: "open", limit: MOST_COUNTED + 1 });
  if (count) showCount(count, alerts.length);
}

/**
 * @param {HTMLElement} node
 * @param {number} n
 */
function showCount(node, n) {
  node.hidden = n === 0;
  node.textContent = n > MOST_COUNTED ? `${MOST_COUNTED}+` : String(n);
  node.setAttribute("aria-label", `, ${node.textContent} open`);
}

async function look() {
  await Promise.all([countAlerts(), warnOfDeadChannels(byId("undelivered"))]);
}

/** News come in groups: ask once for all of them, and not for a page that nobody sees. */
function lookSoon() {
  clearTimeout(timer);
  if (!document.hidden) timer = window.setTimeout(() => void look().catch(() => {}), SOON_MS);
}

mountThemeButton(byId("theme"));
if (count) {
  lookSoon();
  document.addEventListener("visibilitychange", lookSoon);
  document.addEventListener(NEWS, lookSoon);
  tell();
}
