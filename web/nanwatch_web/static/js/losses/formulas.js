/**
 * The losses of Keras as formulas, each operation as Keras 3 makes it on TensorFlow. Their
 * gradients follow by themselves. Pure.
 * @module
 */

import { circle, ctc, dice, tversky } from "./batchwise.js";
import { classCrossEntropy, largest, mean, softmax, softmaxCrossEntropy, sum, where } from "./tape.js";

/** @typedef {import("./tape.js").Value} Value */
/** @typedef {Record<string, any>} Settings the loss's parameters by name */
/** @typedef {Value & {counts?: boolean}} Sample a sample's loss; one that does not count is left out of the mean */

/**
 * How a loss is computed from the samples:
 * - "rows": one row of y_true and one of y_pred of the same length make one loss;
 * - "classes": a class number and a row of y_pred make one loss;
 * - "all": all numbers of both make a single loss;
 * - "labelled": the rows of a batch with a class number each;
 * - "sequences": labels (N, length) and scores (N, time, classes).
 * @typedef {"rows" | "classes" | "all" | "labelled" | "sequences"} Reading
 */

/**
 * @typedef {object} Formula
 * @property {Reading} reads
 * @property {(t: any, p: any, settings: Settings) => any} loss
 * @property {(labels: number[]) => number[]} [labels] how Keras changes the labels before
 */

const EPSILON = 1e-7;
const ALMOST_ONE = 1 - EPSILON;

/** @type {Record<string, Formula>} by the class in keras.losses */
export const FORMULAS = {
  MeanSquaredError: each((t, p) => t.sub(p).square()),
  MeanAbsoluteError: each((t, p) => t.sub(p).abs()),
  MeanAbsolutePercentageError: {
    reads: "rows",
    loss: (t, p) => meanOf(t, p, (a, b) => a.sub(b).div(a.abs().max(EPSILON)).abs()).mul(100),
  },
  MeanSquaredLogarithmicError: each((t, p) => logOf(p).sub(logOf(t)).square()),
  Huber: each(huber),
  LogCosh: each((t, p) => {
    const error = p.sub(t);
    return error.add(error.mul(-2).softplus()).sub(Math.log(2));
  }),
  Poisson: each((t, p) => p.sub(t.mul(p.add(EPSILON).log()))),
  KLDivergence: { reads: "rows", loss: klDivergence },
  BinaryCrossentropy: each((t, p, settings) => {
    const label = smoothed(t, settings.label_smoothing, 2);
    return settings.from_logits ? binaryOfScore(label, p) : binary(label, p);
  }),
  CategoricalCrossentropy: { reads: "rows", loss: categorical },
  SparseCategoricalCrossentropy: { reads: "classes", loss: sparse },
  BinaryFocalCrossentropy: each(binaryFocal),
  CategoricalFocalCrossentropy: { reads: "rows", loss: categoricalFocal },
  CategoricalGeneralizedCrossEntropy: { reads: "classes", loss: generalized },
  Hinge: { ...each((t, p) => shortfall(t, p)), labels: signed },
  SquaredHinge: { ...each((t, p) => shortfall(t, p).square()), labels: signed },
  CategoricalHinge: { reads: "rows", loss: categoricalHinge },
  CosineSimilarity: { reads: "rows", loss: cosine },
  Dice: { reads: "all", loss: dice },
  Tversky: { reads: "all", loss: tversky },
  Circle: { reads: "labelled", loss: circle },
  CTC: { reads: "sequences", loss: ctc },
};

/**
 * A loss that is the mean of one of each pair.
 * @param {(t: Value, p: Value, settings: Settings) => Value} pair
 * @returns {Formula}
 */
function each(pair) {
  return {
    reads: "rows",
    loss: (t, p, settings) => meanOf(t, p, (a, b) => pair(a, b, settings)),
  };
}

/**
 * @param {Value[]} t
 * @param {Value[]} p
 * @param {(t: Value, p: Value) => Value} pair
 */
function meanOf(t, p, pair) {
  return mean(p.map((value, i) => pair(t[i], value)));
}

/** @param {Value} value */
function logOf(value) {
  return value.max(EPSILON).add(1).log();
}

/**
 * @param {Value} t
 * @param {Value} p
 * @param {Settings} settings
 */
function huber(t, p, { delta }) {
  const error = p.sub(t);
  const size = error.abs();
  const straight = size.mul(delta).sub(0.5 * Math.fround(delta * delta));
  return where(size.value <= Math.fround(delta), error.square().mul(0.5), straight);
}

/**
 * @param {Value[]} t
 * @param {Value[]} p
 */
function klDivergence(t, p) {
  return sum(
    p.map((value, i) => {
      const label = t[i].clip(EPSILON, 1);
      return label.mul(label.div(value.clip(EPSILON, 1)).log());
    }),
  );
}

/**
 * A label, moved towards the even distribution over the classes.
 * @param {Value} label
 * @param {number} smoothing
 * @param {number} classes
 */
function smoothed(label, smoothing, classes) {
  return smoothing ? label.mul(1 - smoothing).add(smoothing / classes) : label;
}

/**
 * @param {Value} t
 * @param {Value} p
 */
function binary(t, p) {
  const sure = p.clip(EPSILON, ALMOST_ONE);
  return t.mul(sure.log()).add(t.rest().mul(sure.rest().log())).neg();
}

/**
 * @param {Value} t
 * @param {Value} score
 */
function binaryOfScore(t, score) {
  const above = score.value >= 0;
  const size = where(above, score.neg(), score);
  return where(above, score, score.of(0)).sub(score.mul(t)).add(size.exp().log1p());
}

/**
 * @param {Value} t
 * @param {Value} p
 * @param {Settings} settings
 */
function binaryFocal(t, p, { from_logits, label_smoothing, gamma, alpha, apply_class_balancing }) {
  const label = smoothed(t, label_smoothing, 2);
  const sure = from_logits ? p.sigmoid() : p;
  const right = label.mul(sure).add(label.rest().mul(sure.rest()));
  const entropy = from_logits ? binaryOfScore(label, p) : binary(label, p);
  const loss = right.rest().pow(gamma).mul(entropy);
  if (!apply_class_balancing) return loss;
  return loss.mul(label.mul(alpha).add(label.rest().mul(1 - alpha)));
}

/**
 * @param {Value[]} t
 * @param {Value[]} p
 * @param {Settings} settings
 */
function categorical(t, p, { from_logits, label_smoothing }) {
  const labels = t.map((label) => smoothed(label, label_smoothing, t.length));
  if (from_logits) return softmaxCrossEntropy(labels, p);
  return sum(shares(p).map((share, i) => labels[i].mul(share.log()))).neg();
}

/**
 * @param {Value[]} t
 * @param {Value[]} p
 * @param {Settings} settings
 */
function categoricalFocal(t, p, { from_logits, label_smoothing, gamma, alpha }) {
  const labels = t.map((label) => smoothed(label, label_smoothing, t.length));
  const terms = shares(from_logits ? softmax(p) : p).map((share, i) =>
    share.rest().pow(gamma).mul(alpha).mul(labels[i].neg().mul(share.log())),
  );
  return sum(terms);
}

/**
 * A row divided by its sum and clipped, as Keras does with probabilities.
 * @param {Value[]} row
 */
function shares(row) {
  const total = sum(row);
  return row.map((value) => value.div(total).clip(EPSILON, ALMOST_ONE));
}

/**
 * @param {number} label
 * @param {Value[]} row
 * @param {Settings} settings
 * @returns {Sample}
 */
function sparse(label, row, { from_logits, ignore_class }) {
  if (label === ignore_class) return Object.assign(row[0].of(0), { counts: false });
  const scores = from_logits ? row : row.map((value) => value.clip(EPSILON, ALMOST_ONE).log());
  return classCrossEntropy(Math.trunc(label), scores);
}

/**
 * @param {number} label
 * @param {Value[]} row
 * @param {Settings} settings
 */
function generalized(label, row, { q }) {
  const oneHot = row.map((value, i) => value.mul(i === Math.trunc(label) ? 1 : 0));
  return sum(oneHot).pow(q).rest().div(q);
}

/**
 * Labels of 0 and 1 become -1 and 1, if all of them are 0 or 1.
 * @param {number[]} labels
 */
function signed(labels) {
  return labels.every((label) => label === 0 || label === 1) ? labels.map((label) => 2 * label - 1) : labels;
}

/**
 * @param {Value} t
 * @param {Value} p
 */
function shortfall(t, p) {
  return t.mul(p).rest().max(0);
}

/**
 * @param {Value[]} t
 * @param {Value[]} p
 */
function categoricalHinge(t, p) {
  const right = sum(p.map((value, i) => t[i].mul(value)));
  const wrong = largest(p.map((value, i) => t[i].rest().mul(value)));
  return wrong.sub(right).add(1).max(0);
}

/**
 * @param {Value[]} t
 * @param {Value[]} p
 */
function cosine(t, p) {
  const labels = unit(t);
  return sum(unit(p).map((value, i) => labels[i].mul(value))).neg();
}

/** @param {Value[]} row */
function unit(row) {
  const inverse = sum(row.map((value) => value.square()))
    .rsqrt()
    .min(1 / EPSILON);
  return row.map((value) => value.mul(inverse));
}
