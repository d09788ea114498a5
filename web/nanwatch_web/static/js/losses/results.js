/**
 * What the playground has computed.
 * @module
 */

import { el } from "../dom.js";
import { number } from "../format.js";
import { format, shapeWords } from "./arrays.js";

/** @typedef {import("./arrays.js").NumberArray} NumberArray */
/** @typedef {import("./compute.js").Answer} Answer */
/** @typedef {import("./compute.js").Question} Question */

const DIGITS = 6;

/**
 * The reduced loss, and a line for each sample.
 * @param {Question} question
 * @param {Answer} answer
 * @returns {HTMLElement[]}
 */
export function results(question, answer) {
  return [total(question, answer), hint(question, answer), table(question, answer)];
}

/**
 * @param {Question} question
 * @param {Answer} answer
 */
function total({ reduction }, { loss, samples }) {
  const value = loss === null ? shapeWords(samples.shape) : number(loss, DIGITS);
  const words = loss === null ? "No reduction: the losses have the shape" : `Loss (${reduction})`;
  return el(
    "p",
    { class: "total" },
    el("span", {}, words),
    " ",
    el("output", { class: loss !== null && !Number.isFinite(loss) && "nonfinite" }, value),
  );
}

/**
 * A flat list is easily meant otherwise.
 * @param {Question} question
 * @param {Answer} answer
 */
function hint({ yPred }, { samples }) {
  const flat = yPred.shape.length === 1 && yPred.data.length > 1 && samples.shape.length === 0;
  const words = `A flat list is one sample with ${yPred.data.length} outputs. One sample a row: [[0.2], [0.7]].`;
  return el("p", { class: "sub", hidden: !flat }, words);
}

/**
 * @param {Question} question
 * @param {Answer} answer
 */
function table(question, { samples, gradient }) {
  const heads = ["Sample", "y_true", "y_pred", "Loss", "Gradient"];
  const of = samples.data.length;
  const lines = samples.data.map((loss, i) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, i),
      cell(part(question.yTrue, i, of)),
      cell(part(question.yPred, i, of)),
      cell({ shape: [], data: [loss] }),
      cell(part(gradient, i, of)),
    ),
  );
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Each sample's loss and gradient" },
    el(
      "table",
      { class: "values samples" },
      el("thead", {}, el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words)))),
      el("tbody", {}, ...lines),
    ),
  );
}

/** @param {NumberArray} array */
function cell(array) {
  const broken = array.data.some((value) => !Number.isFinite(value));
  return el(
    "td",
    { class: broken && "nonfinite" },
    format(array, (value) => number(value, DIGITS)),
  );
}

/**
 * A sample's own part of an array.
 * @param {NumberArray} array
 * @param {number} i
 * @param {number} of how many samples
 * @returns {NumberArray}
 */
function part({ shape, data }, i, of) {
  const size = data.length / of;
  const own = of === 1 && shape[0] !== 1 ? shape : shape.slice(depth(shape, of));
  return { shape: own, data: data.slice(i * size, (i + 1) * size) };
}

/**
 * Over how many axes an array's samples go.
 * @param {number[]} shape
 * @param {number} of how many samples
 */
function depth(shape, of) {
  let samples = 1;
  let axes = 0;
  while (samples < of || (axes === 0 && shape[0] === 1)) samples *= shape[axes++];
  return axes;
}
