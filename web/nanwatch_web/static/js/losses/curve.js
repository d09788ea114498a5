/**
 * A loss and its gradient while one prediction changes and everything else stays. Pure.
 * @module
 */

import { compute } from "./compute.js";

/** @typedef {import("./compute.js").Question} Question */

/**
 * @typedef {object} Curve
 * @property {number[]} x what the prediction is
 * @property {number[]} loss
 * @property {number[]} gradient with respect to that prediction
 * @property {{x: number, loss: number, gradient: number}} now as it is typed
 */

const STEPS = 240;
const LANDMARKS = [0, 1]; // where formulas clip

/**
 * @param {string} name the class in keras.losses
 * @param {Question} question
 * @param {number} index of the prediction, in row-major order
 * @param {[number, number]} range
 * @param {number} [steps] how finely
 * @returns {Curve}
 */
export function curve(name, question, index, [from, to], steps = STEPS) {
  const typed = question.yPred.data[index];
  const even = Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);
  const special = [...LANDMARKS, typed].filter((x) => x >= from && x <= to);
  const x = [...new Set([...even, ...special])].sort((a, b) => a - b);
  const points = x.map((value) => pointAt(name, question, index, value));
  return {
    x,
    loss: points.map((point) => point.loss),
    gradient: points.map((point) => point.gradient),
    now: pointAt(name, question, index, typed),
  };
}

/**
 * A range round a prediction: all probabilities, the usual scores, or as far as seems to matter.
 * @param {Question} question
 * @param {number} index of the prediction
 * @returns {[number, number]}
 */
export function rangeRound({ yPred, settings }, index) {
  const value = yPred.data[index];
  if (settings.from_logits && Math.abs(value) <= 6) return [-6, 6];
  if (value >= 0 && value <= 1) return [-0.1, 1.1];
  if (!Number.isFinite(value)) return [-3, 3];
  const reach = Math.max(2, 0.75 * Math.abs(value));
  return [value - reach, value + reach];
}

/**
 * @param {string} name
 * @param {Question} question
 * @param {number} index
 * @param {number} value
 */
function pointAt(name, question, index, value) {
  const yPred = { ...question.yPred, data: question.yPred.data.with(index, value) };
  const reduction = question.reduction === "none" ? "sum" : question.reduction;
  const { loss, gradient } = compute(name, { ...question, yPred, reduction });
  return { x: value, loss: Number(loss), gradient: gradient.data[index] };
}
