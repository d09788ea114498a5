/**
 * The warning of every page that alerts do not reach somebody: a channel that is on, but dead.
 * @module
 */

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { ago } from "./format.js";
import { millis } from "./settings/words.js";

/** @typedef {import("./settings/types").Channel} Channel */

const MOST_NAMED = 3;

/**
 * Say which channels are dead, or nothing. Without an answer the last word stays.
 * @param {HTMLElement} node
 */
export async function warnOfDeadChannels(node) {
  const { channels } = await get("/channels");
  const words = deadWords(channels, Date.now());
  node.hidden = words === "";
  if (node.dataset.words === words) return;
  node.dataset.words = words;
  fill(node, words, " ", el("a", { href: "/settings#channels" }, "Look at the channels"));
}

/**
 * "Alerts do not arrive over ops: HTTP 410, 5 minutes ago."
 * @param {Channel[]} channels
 * @param {number} now milliseconds since 1970
 * @returns {string} empty while all is well
 */
export function deadWords(channels, now) {
  const dead = channels.filter(({ enabled, last }) => enabled && last?.dead);
  if (!dead.length) return "";
  const names = dead.slice(0, MOST_NAMED).map(({ name }) => name);
  const others = dead.length > MOST_NAMED ? ` and ${dead.length - MOST_NAMED} more` : "";
  const [{ last }] = dead;
  const why = dead.length > 1 || !last ? "" : `: ${last.error || "it was refused"}, ${ago(millis(last.at) ?? now, now)}`;
  return `Alerts do not arrive over ${names.join(", ")}${others}${why.replace(/\.,/, ",")}.`;
}
