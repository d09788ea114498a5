/**
 * Losses that are no mean over samples: of overlap, of pairs within a batch, of sequences. Pure.
 * @module
 */

import { logSumExp, sum, where } from "./tape.js";

/** @typedef {import("./tape.js").Value} Value */
/** @typedef {import("./formulas.js").Sample} Sample */
/** @typedef {import("./formulas.js").Settings} Settings */

const EPSILON = 1e-7;
/** What TensorFlow's CTC takes for the logarithm of 0. */
const LOG_ZERO = Math.log(1e-307);

/**
 * @param {Value[]} t
 * @param {Value[]} p
 */
export function dice(t, p) {
  const both = sum(t.map((label, i) => label.mul(p[i]))).mul(2);
  const all = sum(t).add(sum(p)).add(EPSILON);
  return both.div(all).rest();
}

/**
 * @param {Value[]} t
 * @param {Value[]} p
 * @param {Settings} settings
 */
export function tversky(t, p, { alpha, beta }) {
  const both = sum(t.map((label, i) => label.mul(p[i])));
  const missed = sum(t.map((label, i) => p[i].rest().mul(label)));
  const falsely = sum(t.map((label, i) => p[i].mul(label.rest())));
  return both.div(both.add(missed.mul(alpha)).add(falsely.mul(beta)).add(EPSILON)).rest();
}

/**
 * @param {number[]} labels
 * @param {Value[][]} embeddings one row a sample
 * @param {Settings} settings
 * @returns {Sample[]}
 */
export function circle(labels, embeddings, settings) {
  return embeddings.map((row, i) => {
    const pairs = embeddings.map((other, j) => pair(row, other, labels[i] === labels[j], i === j, settings));
    const loss = logSumExp(pairs.map(({ near }) => near)).add(logSumExp(pairs.map(({ far }) => far)));
    const made = loss.softplus();
    return Object.assign(made, { counts: made.value > 0 });
  });
}

/**
 * What a pair adds to the pull together and to the push apart: minus infinity for nothing.
 * @param {Value[]} row
 * @param {Value[]} other
 * @param {boolean} alike
 * @param {boolean} itself
 * @param {Settings} settings
 */
function pair(row, other, alike, itself, { gamma, margin, remove_diagonal }) {
  const distance = sum(row.map((value, i) => value.mul(other[i])))
    .rest()
    .max(0);
  const partner = alike && !(itself && remove_diagonal);
  const pull = distance
    .add(margin)
    .mul(partner ? 1 : 0)
    .max(0);
  const push = distance
    .neg()
    .add(1 + margin)
    .mul(alike ? 0 : 1)
    .max(0);
  const near = pull.mul(-gamma).mul(distance.neg().add(margin));
  const far = push.mul(gamma).mul(distance.neg().add(1 - margin));
  const nothing = distance.of(-Infinity);
  return { near: where(partner, near, nothing), far: where(!alike, far, nothing) };
}

/**
 * One sequence: all ways of spelling the labels with blanks and repeats, added up from the end.
 * A way that ends elsewhere is not impossible, but about as unlikely as float32 can say.
 * @param {number[]} labels class numbers from 1 up, 0 where the sequence has ended
 * @param {Value[][]} scores one row a time step; class 0 is the blank
 */
export function ctc(labels, scores) {
  const length = labels.filter((label) => label !== 0).length;
  const ends = [0, ...labels].map((_, i) => scores[0][0].of(i === length ? 0 : LOG_ZERO));
  const last = { label: ends, blank: ends };
  const first = scores.map(logSoftmax).reduceRight((after, logs) => stepBack(labels, logs, after), last);
  return first.label[0].neg();
}

/**
 * How likely the rest is, one step earlier: by how many labels are spelled, and whether the last
 * that was read is a label or the blank behind it.
 * @param {number[]} labels
 * @param {Value[]} logs of this step's classes
 * @param {{label: Value[], blank: Value[]}} after
 */
function stepBack(labels, logs, after) {
  const pause = after.blank.map((rest) => rest.add(logs[0]));
  const read = labels.map((label, i) => after.label[i + 1].add(logs[label])); // label i is the (i + 1)th
  const nextOf = (/** @type {number} */ i) => (i < labels.length ? [read[i]] : []);
  const stay = (/** @type {number} */ i) => (i > 0 ? [read[i - 1]] : []);
  const skip = (/** @type {number} */ i) => (i > 0 && labels[i] === labels[i - 1] ? [] : nextOf(i));
  return {
    label: pause.map((rest, i) => logSumExp([rest, ...stay(i), ...skip(i)])),
    blank: pause.map((rest, i) => logSumExp([rest, ...nextOf(i)])),
  };
}

/** @param {Value[]} row */
function logSoftmax(row) {
  const total = logSumExp(row);
  return row.map((score) => score.sub(total));
}
