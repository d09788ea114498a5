/**
 * What is typed in the playground, as an address and as a question. Pure.
 * @module
 */

import { InputError, parse } from "./arrays.js";
import { REDUCTIONS } from "./compute.js";
import { EXAMPLES } from "./examples.js";

/** @typedef {import("../types").Loss} Loss */
/** @typedef {import("./examples.js").Example} Example */
/** @typedef {Loss["parameters"][number]} Parameter */

/**
 * All of it as it was typed, by the names in the address.
 * @typedef {Record<string, string>} State
 */

/** What is typed for every loss, beside its parameters. */
export const FIELDS = ["y_true", "y_pred", "sample_weight", "reduction", "vary", "from", "to"];

/**
 * The parameters that can be chosen; arrays are always read along their last axis.
 * @param {Loss} loss
 * @returns {Parameter[]}
 */
export function choices(loss) {
  return loss.parameters.filter(({ name }) => name !== "axis");
}

/**
 * @param {Loss} loss
 * @param {Example} example
 * @returns {State}
 */
export function stateOf(loss, example) {
  const settings = choices(loss).map(({ name, default: usual }) => [name, text(usual)]);
  const chosen = Object.entries(example.settings ?? {}).map(([name, value]) => [name, text(value)]);
  return {
    y_true: example.yTrue,
    y_pred: example.yPred,
    sample_weight: example.weights ?? "",
    reduction: REDUCTIONS[0],
    vary: "0",
    from: text(example.from),
    to: text(example.to),
    ...Object.fromEntries([...settings, ...chosen]),
  };
}

/**
 * What the address says; the rest is the loss's first example.
 * @param {Loss} loss
 * @param {string} search
 * @returns {State}
 */
export function fromAddress(loss, search) {
  const first = stateOf(loss, EXAMPLES[loss.name][0]);
  const said = [...new URLSearchParams(search)].filter(([name]) => name in first);
  return { ...first, ...Object.fromEntries(said) };
}

/**
 * What differs from the loss's first example, as an address.
 * @param {Loss} loss
 * @param {State} state
 */
export function toAddress(loss, state) {
  const first = stateOf(loss, EXAMPLES[loss.name][0]);
  const query = new URLSearchParams(Object.entries(state).filter(([name, value]) => value !== first[name]));
  return query.size ? `?${query}` : "";
}

/**
 * What is to be computed.
 * @param {Loss} loss
 * @param {State} state
 * @returns {import("./compute.js").Question}
 * @throws {InputError} what was typed cannot be read
 */
export function question(loss, state) {
  const settings = choices(loss).map((parameter) => [parameter.name, setting(parameter, state)]);
  return {
    yTrue: parse("y_true", state.y_true),
    yPred: parse("y_pred", state.y_pred),
    weights: state.sample_weight.trim() ? parse("sample_weight", state.sample_weight) : null,
    settings: Object.fromEntries(settings),
    reduction: REDUCTIONS.includes(state.reduction) ? state.reduction : REDUCTIONS[0],
  };
}

/**
 * A number that was typed, or null where nothing was.
 * @param {string} field
 * @param {State} state
 */
export function numberIn(field, state) {
  const typed = state[field].trim();
  if (!typed) return null;
  const value = Number(typed);
  if (!Number.isFinite(value)) throw new InputError(field, `“${typed}” is no number.`);
  return value;
}

/**
 * @param {Parameter} parameter
 * @param {State} state
 */
function setting({ name, default: usual }, state) {
  if (typeof usual === "boolean") return state[name] === "true";
  const value = numberIn(name, state);
  if (value === null && usual !== null) throw new InputError(name, `Type a number; the default is ${usual}.`);
  if (name === "q" && !(Number(value) > 0 && Number(value) < 1))
    throw new InputError(name, "It lies between 0 and 1: Keras raises ValueError.");
  return value;
}

/** @param {unknown} value */
function text(value) {
  return value === null || value === undefined ? "" : String(value);
}
