/**
 * Pinning, tagging and deleting several runs.
 * @module
 */

import { ApiError, send } from "../api.js";
import { el } from "../dom.js";
import { bytes, integer } from "../format.js";
import { pathOf, tagsOf } from "./edit.js";
import { ask, label } from "./dialog.js";

/** @typedef {import("../types").Run} Run */

const AT_ONCE = 4;
const MOST_NAMED = 5;
const GONE = 404;

/**
 * @param {Run[]} runs
 * @param {boolean} pinned
 */
export function pinAll(runs, pinned) {
  return inTurn(runs, (run) => send("PATCH", pathOf(run), { pinned }), () => {});
}

/** @param {Run[]} runs */
export function tagAll(runs) {
  const field = el("input", { type: "text", placeholder: "baseline, paper" });
  const boxes = tagsIn(runs).map((tag) => el("input", { type: "checkbox", value: tag }));
  const rows = boxes.map((box) => el("label", { class: "chk" }, box, box.value));
  const taken = rows.length > 0 && el("fieldset", {}, el("legend", {}, "Take away"), ...rows);
  return ask(`Tags of ${several(runs)}`, [label("Add tags, with commas between them", field), taken], "Keep", (tell) => {
    const gone = boxes.filter(({ checked }) => checked).map(({ value }) => value);
    const edit = (/** @type {Run} */ run) => ({ tags: retagged(run.tags, tagsOf(field.value), gone) });
    return inTurn(runs, (run) => send("PATCH", pathOf(run), edit(run)), tell);
  });
}

/** @param {Run[]} runs */
export function removeAll(runs) {
  const parts = [
    el("p", {}, `${namesOf(runs)}.`),
    el("p", {}, "With them go for good:"),
    el("ul", {}, ...lossesOf(runs).map((words) => el("li", {}, words))),
    runs.some(({ ended_at: end }) => end === null) &&
      el("p", {}, "Trainings among them that still run go on without being watched."),
  ];
  const remove = (/** @type {Run} */ run) => send("DELETE", pathOf(run)).catch(unlessGone);
  return ask(`Delete ${several(runs)}?`, parts, "Delete for good", (tell) => inTurn(runs, remove, tell), true);
}

/**
 * @param {string[]} tags
 * @param {string[]} added
 * @param {string[]} gone
 */
export function retagged(tags, added, gone) {
  return [...new Set([...tags.filter((tag) => !gone.includes(tag)), ...added])];
}

/**
 * What is lost with runs, in words.
 * @param {Run[]} runs
 */
export function lossesOf(runs) {
  const sum = (/** @type {(run: Run) => number} */ of) => runs.reduce((all, run) => all + of(run), 0);
  const found = sum(({ incidents }) => incidents);
  const notes = runs.filter(({ note }) => note).length;
  return [
    `their curves: ${bytes(sum(({ size_bytes: size }) => size ?? 0))}`,
    ...(found ? [`${integer(found)} ${found === 1 ? "diagnosis" : "diagnoses"}, with alerts and what was said of them`] : []),
    ...(notes ? [`${integer(notes)} ${notes === 1 ? "note" : "notes"}`] : []),
  ];
}

/**
 * A few at once, and how far it got.
 * @param {Run[]} runs
 * @param {(run: Run) => Promise<unknown>} deed
 * @param {import("./dialog.js").Tell} tell
 */
async function inTurn(runs, deed, tell) {
  for (let i = 0; i < runs.length; i += AT_ONCE) {
    await Promise.all(runs.slice(i, i + AT_ONCE).map(deed));
    tell(`${integer(Math.min(i + AT_ONCE, runs.length))} of ${integer(runs.length)} done`);
  }
}

/** @param {unknown} error what somebody else has deleted meanwhile is as it should be */
function unlessGone(error) {
  if (!(error instanceof ApiError) || error.status !== GONE) throw error;
}

/** @param {Run[]} runs */
function tagsIn(runs) {
  return [...new Set(runs.flatMap(({ tags }) => tags))].sort();
}

/** @param {Run[]} runs */
export function several(runs) {
  return runs.length === 1 ? "1 run" : `${integer(runs.length)} runs`;
}

/** @param {Run[]} runs */
function namesOf(runs) {
  const names = runs.slice(0, MOST_NAMED).map(({ name }) => name);
  const rest = runs.length - names.length;
  return names.join(", ") + (rest > 0 ? ` and ${integer(rest)} more` : "");
}
