/**
 * The fields of the playground.
 * @module
 */

import { el } from "../dom.js";
import { REDUCTIONS } from "./compute.js";
import { choices } from "./state.js";

/** @typedef {import("../types").Loss} Loss */
/** @typedef {import("./state.js").State} State */

/**
 * @param {Loss} loss
 * @param {State} state
 * @returns {HTMLElement[]}
 */
export function controls(loss, state) {
  return [
    el("div", { class: "arrays" }, area("y_true", state), area("y_pred", state)),
    el(
      "div",
      { class: "settings" },
      ...choices(loss).map((parameter) => setting(parameter, state)),
      reduction(state),
      field("sample_weight", state, { placeholder: "none" }),
    ),
    el(
      "div",
      { class: "settings" },
      labelled("Curve over", el("select", { name: "vary" }, el("option", { value: state.vary }, "y_pred"))),
      field("from", state, { placeholder: "auto", inputmode: "decimal", class: "short" }),
      field("to", state, { placeholder: "auto", inputmode: "decimal", class: "short" }),
    ),
  ];
}

/**
 * @param {string} name
 * @param {State} state
 */
function area(name, state) {
  const typed = el("textarea", { name, rows: 3, spellcheck: "false", autocomplete: "off" });
  typed.value = state[name];
  return labelled(name, typed);
}

/**
 * @param {import("./state.js").Parameter} parameter
 * @param {State} state
 */
function setting({ name, default: usual, meaning }, state) {
  if (typeof usual !== "boolean")
    return field(name, state, {
      placeholder: usual === null ? "none" : usual,
      title: meaning,
      class: "short",
    });
  const checked = state[name] === "true";
  return el(
    "label",
    { class: "chk", title: meaning },
    el("input", { type: "checkbox", name, checked }),
    name,
  );
}

/** @param {State} state */
function reduction(state) {
  const options = REDUCTIONS.map((value) =>
    el("option", { value, selected: value === state.reduction }, value),
  );
  return labelled("reduction", el("select", { name: "reduction" }, ...options));
}

/**
 * @param {string} name
 * @param {State} state
 * @param {Record<string, unknown>} more
 */
function field(name, state, more) {
  return labelled(
    name,
    el("input", {
      type: "text",
      name,
      value: state[name],
      spellcheck: "false",
      autocomplete: "off",
      ...more,
    }),
  );
}

/**
 * @param {string} words
 * @param {HTMLElement} control
 */
function labelled(words, control) {
  return el("label", { class: "field" }, el("span", {}, words), control);
}
