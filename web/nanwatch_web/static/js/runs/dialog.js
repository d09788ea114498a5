/**
 * A question in a dialog.
 * @module
 */

import { wordsOf } from "../api.js";
import { el } from "../dom.js";

/** @typedef {(words: string) => void} Tell */

/**
 * @param {string} words
 * @param {HTMLElement} field
 */
export function label(words, field) {
  return el("label", { class: "ask" }, words, field);
}

/**
 * Ask; what it does is done when it is answered, and how far it got, or what fails, is said there.
 * @param {string} title
 * @param {import("../dom.js").Child[]} parts
 * @param {string} yes
 * @param {(tell: Tell) => Promise<unknown>} act
 * @param {boolean} [grave] whether it cannot be undone: then "Cancel" has the focus
 */
export function ask(title, parts, yes, act, grave = false) {
  const progress = el("p", { class: "sub", role: "status" });
  const problem = el("p", { class: "problem", role: "alert" });
  const cancel = el("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const go = el("button", { type: "submit", class: grave ? "grave" : "primary" }, yes);
  const row = el("div", { class: "row" }, cancel, go);
  const form = el("form", {}, el("h2", {}, title), ...parts, progress, problem, row);
  const dialog = el("dialog", { class: "card", "aria-label": title }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go.disabled = true;
    act((words) => (progress.textContent = words)).then(
      () => dialog.close(),
      (error) => {
        go.disabled = false;
        problem.textContent = wordsOf(error);
      },
    );
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  if (grave) cancel.focus();
  else dialog.querySelector("input")?.select();
}
