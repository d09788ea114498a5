/**
 * What stands in the place of the diagnoses while there is none.
 * @module
 */

import { el } from "../dom.js";
import { integer } from "../format.js";

/** @typedef {import("../types").Run} Run */

/**
 * @param {Run} run
 * @returns {HTMLElement}
 */
export function calmCard(run) {
  const seen = run.last_step === null ? "No step has come yet" : `No symptom in ${steps(run.last_step + 1)}`;
  const later = run.ended_at === null ? ". What goes wrong appears here at once, with its cause." : ".";
  return el("section", { class: "card calm" }, el("h2", {}, "Nothing to report"), el("p", { class: "sub" }, seen + later));
}

/** @param {number} n */
function steps(n) {
  return n === 1 ? "1 step" : `${integer(n)} steps`;
}
