/**
 * Renaming, tagging, pinning and deleting a run.
 * @module
 */

import { send, wordsOf } from "../api.js";
import { el } from "../dom.js";
import { bytes, integer } from "../format.js";

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
  const said = () => [...new Set(field.value.split(",").map((word) => word.trim()).filter(Boolean))];
  return ask(`Tags of ${run.name}`, [label("Tags, with commas between them", field)], "Keep", () =>
    send("PATCH", pathOf(run), { tags: said() }),
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
function pathOf(run) {
  return `/runs/${encodeURIComponent(run.id)}`;
}

/**
 * @param {string} words
 * @param {HTMLElement} field
 */
function label(words, field) {
  return el("label", { class: "ask" }, words, field);
}

/**
 * A question in a dialog; what it does is done when it is answered, and what fails is said there.
 * @param {string} title
 * @param {import("../dom.js").Child[]} parts
 * @param {string} yes
 * @param {() => Promise<unknown>} act
 * @param {boolean} [grave] whether it cannot be undone: then "Cancel" has the focus
 */
function ask(title, parts, yes, act, grave = false) {
  const problem = el("p", { class: "problem", role: "alert" });
  const cancel = el("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const go = el("button", { type: "submit", class: grave ? "grave" : "primary" }, yes);
  const form = el("form", {}, el("h2", {}, title), ...parts, problem, el("div", { class: "row" }, cancel, go));
  const dialog = el("dialog", { class: "card", "aria-label": title }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act().then(
      () => dialog.close(),
      (error) => (problem.textContent = wordsOf(error)),
    );
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  if (grave) cancel.focus();
  else dialog.querySelector("input")?.select();
}
