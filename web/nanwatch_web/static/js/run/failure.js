/**
 * Where a run failed, as all its charts mark it. Pure.
 * @module
 */

import { lastStep } from "../charts/buckets.js";
import { integer } from "../format.js";
import { symptomBadge, symptomSentence } from "../words.js";

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").Diagnosis} Diagnosis */
/** @typedef {import("../types").Failure} Failure */

/** @type {Record<string, string>} */
const KINDS = { nan: "NaN", pinf: "+Inf", ninf: "−Inf" };

/**
 * The first non-finite loss. Without one the first step of the gravest diagnosis, and if that speaks
 * of a gradient that was not finite, the gradient.
 * @param {Buckets} loss of the batches, over the whole run
 * @param {Buckets} gradient their gradients' norm
 * @param {Diagnosis[]} diagnoses the gravest first
 * @returns {Failure | null}
 */
export function failureOf(loss, gradient, diagnoses) {
  const grave = diagnoses.find((each) => each.severity === "critical" && each.first_step !== null);
  return (
    nonFinite(loss, "") ??
    (grave?.symptom === "nan_loss" ? nonFinite(gradient, "Gradient ") : null) ??
    diagnosed(grave)
  );
}

/**
 * The diagnoses with what was not finite where they begin, for those that do not say so themselves: the loss,
 * else the gradient. Where both were finite, the training itself, which watches nothing else, has met weights
 * that are not.
 * @param {Diagnosis[]} diagnoses
 * @param {Buckets} loss of the batches, over the whole run
 * @param {Buckets} gradient their gradients' norm
 * @returns {Diagnosis[]}
 */
export function withFaults(diagnoses, loss, gradient) {
  return diagnoses.map((each) => (each.symptom === "nan_loss" ? { ...each, fault: each.fault ?? faultOf(each, loss, gradient) } : each));
}

/**
 * @param {Diagnosis} diagnosis
 * @param {Buckets} loss
 * @param {Buckets} gradient
 * @returns {Diagnosis["fault"]} undefined where the curves do not tell
 */
function faultOf({ first_step: step, source }, loss, gradient) {
  if (step === null) return undefined;
  const isBad = (/** @type {Buckets} */ { nonfinite }) => nonfinite.some((mark) => mark.step === step);
  if (isBad(loss)) return "loss";
  if (isBad(gradient)) return "gradient";
  const known = lastStep(loss) >= step && lastStep(gradient) >= step;
  return known && source === "client" ? "weights" : undefined;
}

/**
 * The diagnosis that a mark on the curves leads to: the one that begins nearest to its step.
 * @param {Diagnosis[]} diagnoses
 * @param {number} step
 * @returns {Diagnosis | null}
 */
export function diagnosisAt(diagnoses, step) {
  const distance = (/** @type {Diagnosis} */ each) => Math.abs((each.first_step ?? Infinity) - step);
  return [...diagnoses].sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

/**
 * What is to be marked on the curves beside the failure.
 * @param {Diagnosis[]} diagnoses
 * @param {number | null} failed the step of the failure
 * @returns {import("../types").Told[]} by step
 */
export function toldOf(diagnoses, failed) {
  const marks = diagnoses.flatMap((each) => {
    const { first_step: step, severity } = each;
    return step === null || step === failed || severity === "info" ? [] : [{ step, words: symptomSentence(each) }];
  });
  return marks.sort((a, b) => a.step - b.step);
}

/**
 * @param {Buckets} series
 * @param {string} whose
 * @returns {Failure | null}
 */
function nonFinite(series, whose) {
  const mark = series.nonfinite[0];
  if (!mark) return null;
  const lasting = isLasting(series, mark.step);
  return { step: mark.step, label: labelOf(whose + KINDS[mark.kind], mark.step, lasting), lasting };
}

/**
 * @param {Diagnosis | undefined} grave
 * @returns {Failure | null}
 */
function diagnosed(grave) {
  if (!grave || grave.first_step === null) return null;
  return {
    step: grave.first_step,
    label: labelOf(symptomBadge(grave.symptom, grave.fault), grave.first_step, true),
    lasting: false,
  };
}

/**
 * Whether no finite value came after a step.
 * @param {Buckets} series
 * @param {number} step
 */
function isLasting(series, step) {
  const later = series.mean.filter((_, i) => series.from[i] > step);
  if (later.length) return later.every((mean) => mean === null);
  return series.nonfinite.some((mark) => mark.step === lastStep(series));
}

/**
 * @param {string} word
 * @param {number} step
 * @param {boolean} lasting
 */
function labelOf(word, step, lasting) {
  return `${word} ${lasting ? "from" : "at"} step ${integer(step)}`;
}
