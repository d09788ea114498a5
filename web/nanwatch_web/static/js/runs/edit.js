/**
 * Renaming, tagging, pinning and deleting a run.
 * @module
 */

import { send } from "../api.js";
import { el } from "../dom.js";
import { bytes, integer } from "../format.js";
import { ask, label } from "./dialog.js";

/** @typedef {import("../types").Run} Run */

const MOST_LETTERS = 256;

/** @param {Run} run */
export function pin(run) {
  return send("PATCH", pathOf(run), { pinned: !run.pinned });
}

/** @param {Run} run */
export function rename(run) {
  const field = el("input", { type: "text", value: run.name, maxlength: MOST_LETTERS, required: true });
  return ask("Rename the run", [label("Name", field)], "Rename", () =>
    send("PATCH", pathOf(run), { name: field.value.trim() }),
  );
}

/** @param {Run} run */
export function tag(run) {
  const field = el("input", { type: "text", value: run.tags.join(", ") });
  return ask(`Tags of ${run.name}`, [label("Tags, with commas between them", field)], "Keep", () =>
    send("PATCH", pathOf(run), { tags: tagsOf(field.value) }),
  );
}

/** @param {Run} run */
export function remove(run) {
  const parts = [
    el("p", {}, "With it go for good:"),
    el("ul", {}, ...lossesOf(run).map((words) => el("li", {}, words))),
    run.ended_at === null && el("p", {}, "Its training goes on, if it still runs, without being watched."),
  ];
  return ask(`Delete ${run.name}?`, parts, "Delete for good", () => send("DELETE", pathOf(run)), true);
}

/**
 * What is lost with a run, in words.
 * @param {Run} run
 */
export function lossesOf(run) {
  const steps = run.last_step === null ? "no step yet" : `${integer(run.last_step + 1)} steps`;
  const size = run.size_bytes === undefined ? "" : `, ${bytes(run.size_bytes)}`;
  const found = run.incidents === 1 ? "1 diagnosis" : `${integer(run.incidents)} diagnoses`;
  return [
    `its curves: ${steps}${size}`,
    ...(run.incidents ? [`${found}, with alerts and what was said of them`] : []),
    ...(run.note ? ["its note"] : []),
  ];
}

/** @param {Run} run */
export function pathOf(run) {
  return `/runs/${encodeURIComponent(run.id)}`;
}

/**
 * Words with commas between them, each once.
 * @param {string} typed
 */
export function tagsOf(typed) {
  return [...new Set(typed.split(",").map((word) => word.trim()).filter(Boolean))];
}
