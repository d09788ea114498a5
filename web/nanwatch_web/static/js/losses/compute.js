/**
 * What keras.losses.X(...)(y_true, y_pred) gives, and its gradient with respect to y_pred. Pure.
 * @module
 */

import { InputError, rows, shapeWords } from "./arrays.js";
import { FORMULAS } from "./formulas.js";
import { backward, sum, Value } from "./tape.js";

/** @typedef {import("./arrays.js").NumberArray} NumberArray */
/** @typedef {import("./formulas.js").Formula} Formula */
/** @typedef {import("./formulas.js").Sample} Sample */
/** @typedef {import("./formulas.js").Settings} Settings */

/**
 * @typedef {object} Question
 * @property {NumberArray} yTrue
 * @property {NumberArray} yPred
 * @property {NumberArray | null} weights one for each sample, or null
 * @property {Settings} settings the loss's parameters
 * @property {string} reduction
 */

/**
 * @typedef {object} Answer
 * @property {NumberArray} samples the loss of each sample, times its weight
 * @property {number | null} loss the reduced one; null with the reduction "none"
 * @property {NumberArray} gradient of the reduced loss (with "none": of the sum), in y_pred's shape
 */

/** Ways of making one number of the samples' losses. */
export const REDUCTIONS = ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"];

/**
 * @param {string} name the class in keras.losses
 * @param {Question} question
 * @returns {Answer}
 */
export function compute(name, question) {
  const formula = FORMULAS[name];
  const [yTrue, yPred] = aligned(question.yTrue, question.yPred);
  const shape = sampleShape(formula, yTrue, yPred, question.settings);
  /** @type {Value[]} */
  const tape = [];
  const predictions = yPred.data.map((value) => new Value(tape, value));
  const samples = lossesOf(formula, { ...question, yTrue, yPred }, tape, predictions);
  const factors = factorsOf(samples, shape, question.weights);
  const weighted = factors ? samples.map((sample, i) => sample.mul(factors[i])) : samples;
  const loss = reduced(weighted, shape.length ? divisorOf(samples, factors, question.reduction) : 1);
  backward(loss);
  return {
    samples: { shape, data: weighted.map(({ value }) => value) },
    loss: question.reduction === "none" ? null : loss.value,
    gradient: { shape: question.yPred.shape, data: predictions.map(({ gradient }) => gradient) },
  };
}

/**
 * Where one has a dimension more, of length 1, it is dropped, or given to the other, as Keras does.
 * @param {NumberArray} yTrue
 * @param {NumberArray} yPred
 * @returns {[NumberArray, NumberArray]}
 */
function aligned(yTrue, yPred) {
  const longer = yTrue.shape.length > yPred.shape.length ? yTrue : yPred;
  const shorter = longer === yTrue ? yPred : yTrue;
  if (longer.shape.length !== shorter.shape.length + 1 || longer.shape.at(-1) !== 1) return [yTrue, yPred];
  const expands = shorter.shape.length === 1;
  const changed = expands
    ? { shape: [...shorter.shape, 1], data: shorter.data }
    : { shape: longer.shape.slice(0, -1), data: longer.data };
  const [grown, kept] = expands ? [changed, longer] : [shorter, changed];
  return longer === yTrue ? [kept, grown] : [grown, kept];
}

/**
 * The shape of the samples' losses.
 * @param {Formula} formula
 * @param {NumberArray} yTrue
 * @param {NumberArray} yPred
 * @param {Settings} settings
 */
function sampleShape({ reads }, yTrue, yPred, settings) {
  if (!yPred.shape.length) throw new InputError("y_pred", "Write a list, such as [[0.8]] for one sample.");
  CHECKS[reads](yTrue, yPred, settings);
  if (reads === "all") return [];
  return reads === "labelled" || reads === "sequences" ? [yPred.shape[0]] : yPred.shape.slice(0, -1);
}

const ELSEWHERE =
  "On a CPU TensorFlow raises InvalidArgumentError; compiled by XLA the loss is NaN without a word.";

/** @type {Record<import("./formulas.js").Reading, (t: NumberArray, p: NumberArray, settings: Settings) => void>} */
const CHECKS = {
  rows: sameShape,
  all: sameShape,
  classes: (t, p, settings) => {
    const wanted = p.shape.slice(0, -1);
    const column = [...wanted, 1];
    const read = "q" in settings ? [wanted] : [wanted, column]; // with q Keras would pair all with all
    if (!read.some((shape) => shape.join() === t.shape.join()))
      throw new InputError(
        "y_true",
        `One class number for each row of y_pred: shape ${shapeWords(wanted)}, not ${shapeWords(t.shape)}.`,
      );
    const labels = t.data.filter((label) => label !== settings.ignore_class);
    if (!("q" in settings)) everyClassExists(labels, p.shape[p.shape.length - 1], ELSEWHERE);
  },
  labelled: (t, p) => {
    if (p.shape.length !== 2) throw new InputError("y_pred", "One row for each sample: [[1, 0], [0, 1]].");
    if (t.data.length !== p.shape[0])
      throw new InputError("y_true", `One class number for each of the ${p.shape[0]} rows of y_pred.`);
  },
  sequences: (t, p) => {
    if (p.shape.length !== 3)
      throw new InputError("y_pred", "Scores of the shape (samples, time steps, classes).");
    if (t.shape.length !== 2 || t.shape[0] !== p.shape[0])
      throw new InputError("y_true", `Labels of the shape (${p.shape[0]}, length), padded with 0.`);
    everyClassExists(t.data, p.shape[2], "TensorFlow accepts it without a word, and the loss is wrong.");
  },
};

/**
 * @param {NumberArray} yTrue
 * @param {NumberArray} yPred
 */
function sameShape(yTrue, yPred) {
  const [t, p] = [yTrue.shape, yPred.shape].map(shapeWords);
  if (t !== p)
    throw new InputError("y_true", `y_true has the shape ${t}, y_pred ${p}: they must be the same.`);
}

/**
 * @param {number[]} labels
 * @param {number} classes
 * @param {string} otherwise what Keras does with another one
 */
function everyClassExists(labels, classes, otherwise) {
  const missing = labels.find((label) => !(Math.trunc(label) >= 0 && Math.trunc(label) < classes));
  if (missing !== undefined)
    throw new InputError(
      "y_true",
      `There is no class ${missing} among ${classes} (0 to ${classes - 1}). ${otherwise}`,
    );
}

/**
 * @param {Formula} formula
 * @param {Question} question
 * @param {Value[]} tape
 * @param {Value[]} predictions
 * @returns {Sample[]}
 */
function lossesOf({ reads, loss, labels }, { yTrue, yPred, settings }, tape, predictions) {
  const values = labels ? labels(yTrue.data) : yTrue.data;
  const row = yPred.shape[yPred.shape.length - 1];
  const lifted = () => values.map((value) => new Value(tape, value));
  switch (reads) {
    case "rows": {
      const truth = rows(lifted(), row);
      return rows(predictions, row).map((each, i) => loss(truth[i], each, settings));
    }
    case "classes":
      return rows(predictions, row).map((each, i) => loss(values[i], each, settings));
    case "all":
      return [loss(lifted(), predictions, settings)];
    case "labelled":
      return loss(values, rows(predictions, row), settings);
    case "sequences": {
      const spelled = rows(values, yTrue.shape[1]);
      const times = rows(rows(predictions, row), yPred.shape[1]);
      return times.map((scores, i) => loss(spelled[i], scores, settings));
    }
  }
}

/**
 * What each sample's loss is multiplied by; null when nothing is. One that does not count gets 0.
 * @param {Sample[]} samples
 * @param {number[]} shape of the samples' losses
 * @param {NumberArray | null} weights
 */
function factorsOf(samples, shape, weights) {
  if (weights && weights.data.length !== samples.length)
    throw new InputError(
      "sample_weight",
      `One weight for each of the ${samples.length} losses: shape ${shapeWords(shape)}.`,
    );
  if (!weights && samples.every(({ counts }) => counts === undefined)) return null;
  return samples.map(({ counts }, i) => (counts === false ? 0 : (weights?.data[i] ?? 1)));
}

/**
 * @param {Value[]} weighted
 * @param {number} divisor
 */
function reduced(weighted, divisor) {
  const total = sum(weighted);
  return divisor === 0 ? total.of(0) : total.div(divisor);
}

/**
 * What the sum of the losses is divided by.
 * @param {Sample[]} samples
 * @param {number[] | null} factors
 * @param {string} reduction
 */
function divisorOf(samples, factors, reduction) {
  if (reduction === "sum" || reduction === "none") return 1;
  if (reduction === "mean_with_sample_weight" && factors) return factors.reduce((all, each) => all + each, 0);
  return samples.filter(({ counts }) => counts !== false).length;
}
