/**
 * The switch for desktop notifications. The browser is asked only when it is turned on.
 * @module
 */

import { get, wordsOf } from "../api.js";
import { el, fill } from "../dom.js";
import { hush, tell } from "./teller.js";
import { canTell, forget, wish, wishFor } from "./wish.js";

const BEGINNING = new Date(0).toISOString();

/**
 * A checkbox with its words.
 * @returns {HTMLElement}
 */
export function noticeSwitch() {
  const box = el("input", { type: "checkbox", disabled: !canTell() });
  const said = el("p", { class: "sub", role: "status" });
  const show = () => {
    box.checked = wish() !== null && canTell() && Notification.permission === "granted";
    fill(said, hint());
  };
  box.addEventListener("change", () => {
    turn(box.checked)
      .then(show)
      .catch((error) => (show(), fill(said, wordsOf(error))));
  });
  addEventListener("storage", show);
  show();
  return el("div", { class: "notices" }, el("label", { class: "chk" }, box, "Desktop notifications"), said);
}

/** @param {boolean} on */
async function turn(on) {
  if (!on) return (forget(), hush());
  if ((await Notification.requestPermission()) !== "granted") return;
  const { alerts } = await get("/alerts", { limit: 1 });
  wishFor(alerts.length ? after(alerts[0].opened_at) : BEGINNING);
  tell();
}

/**
 * The next moment.
 * @param {string} moment ISO 8601
 */
function after(moment) {
  return new Date(Date.parse(moment) + 1).toISOString();
}

function hint() {
  if (!canTell()) return "This browser shows them only on pages over HTTPS or from this machine.";
  return Notification.permission === "denied"
    ? "This browser does not let the page show them. Allow it in the browser's settings for this site."
    : "";
}
