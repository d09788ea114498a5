/**
 * What is known of a loss, as cards.
 * @module
 */

import { el } from "../dom.js";
import { num, number } from "../format.js";
import { change, prose, section, sentence, terms } from "./parts.js";

/** @typedef {import("../types").Loss} Loss */

/** @param {Loss} loss */
export function about(loss) {
  const lowest = num(loss.lowest);
  return [
    section(
      "What it is for",
      prose(loss.use),
      terms([
        ["Formula", el("code", { class: "formula" }, loss.formula)],
        ["Labels (y_true)", loss.label],
        ["Last activation", loss.activation],
        ["Lowest value", lowest === null ? "none" : number(lowest)],
      ]),
    ),
    section("In compile", spelled(loss), change(loss)),
    section("Parameters", parameters(loss)),
  ];
}

/** @param {Loss} loss */
export function hazards(loss) {
  const items = loss.hazards.map(({ condition, result, remedy }) =>
    el("li", {}, el("b", {}, sentence(condition)), el("p", {}, result), el("p", { class: "remedy" }, remedy)),
  );
  const more =
    loss.function &&
    el("p", { class: "sub" }, el("a", { href: "/losses/Loss" }, "What holds for every loss"));
  return section("Where it breaks", el("ul", { class: "items" }, ...items), more);
}

/** @param {Loss} loss */
export function signs(loss) {
  const items = loss.signatures.map(({ shown, meaning }) =>
    el("li", {}, el("b", {}, sentence(shown)), el("p", {}, meaning)),
  );
  return section("Values to recognise", items.length > 0 && el("ul", { class: "items" }, ...items));
}

/** @param {Loss} loss */
export function sayings(loss) {
  const items = loss.corrections.map(({ said, truth }) =>
    el("li", {}, el("b", {}, `“${said}”`), el("p", {}, truth)),
  );
  return section("Often written, and what holds", items.length > 0 && el("ul", { class: "items" }, ...items));
}

/** @param {Loss} loss */
function spelled(loss) {
  if (!loss.function) return el("p", {}, "Your function, or an object of your class.");
  return terms([
    [
      "As a string",
      loss.strings.length ? codes(loss.strings.map((string) => `"${string}"`)) : "not known to Keras by name",
    ],
    ["As a function", el("code", {}, `keras.losses.${loss.function}`)],
    ["As an object", el("code", {}, `keras.losses.${loss.name}()`)],
    ["Not", loss.other_names.length ? codes(loss.other_names.map((name) => `"${name}"`)) : null],
  ]);
}

/** @param {string[]} texts */
function codes(texts) {
  return texts.flatMap((text, i) => (i ? [" ", el("code", {}, text)] : [el("code", {}, text)]));
}

/** @param {Loss} loss */
function parameters(loss) {
  const pairs = loss.parameters.map(
    ({ name, default: usual, meaning }) =>
      /** @type {[string, string]} */ ([`${name}=${python(usual)}`, meaning]),
  );
  return pairs.length ? terms(pairs, "stacked") : el("p", { class: "sub" }, "None but name, reduction and dtype.");
}

/**
 * A value as Python writes it.
 * @param {boolean | number | string | null} value
 */
function python(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value === null) return "None";
  return typeof value === "string" ? `"${value}"` : String(value);
}
