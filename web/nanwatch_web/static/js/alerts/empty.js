/**
 * What the inbox says when there is nothing to list.
 * @module
 */

import { el } from "../dom.js";

/**
 * No alert fits: all is well, or the filter is narrow.
 * @param {import("./question.js").Question} question
 * @param {() => void} showAll
 * @returns {HTMLElement}
 */
export function noAlerts(question, showAll) {
  const narrow = question.severity || question.project || question.run;
  const [title, words] = narrow
    ? ["No alert fits", "There may be others in another state, severity or project."]
    : WORDS[question.state];
  const all = question.state === "all" && !narrow;
  return el(
    "section",
    { class: "card empty" },
    el("h2", {}, title),
    el("p", {}, words),
    all
      ? el("a", { class: "asbutton", href: "/settings#channels" }, "Choose who is told")
      : el("button", { type: "button", onclick: showAll }, "Show all alerts"),
  );
}

/** @type {Record<import("./question.js").Standing, [string, string]>} */
const WORDS = {
  open: ["Nothing is open", "A NaN, a spike or a loss that is stuck appears here the moment it is seen."],
  acknowledged: ["Nothing is acknowledged", "Acknowledge an alert to say that somebody looks after it."],
  resolved: ["Nothing is resolved", "Resolve an alert when its cause is mended."],
  all: ["No alert yet", "Whatever goes wrong in a run appears here, and goes to the channels of your choice."],
};

/**
 * The list cannot be had.
 * @param {string} words
 * @param {() => void} again
 * @returns {HTMLElement}
 */
export function trouble(words, again) {
  return el(
    "section",
    { class: "card empty" },
    el("h2", {}, "The alerts cannot be shown"),
    el("p", {}, words),
    el("button", { type: "button", onclick: again }, "Try again"),
  );
}
