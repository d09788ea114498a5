/**
 * Where a run failed, as all its charts mark it. Pure.
 * @module
 */

import { lastStep } from "../charts/buckets.js";
import { integer } from "../format.js";
import { symptomBadge } from "../words.js";

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").Diagnosis} Diagnosis */
/** @typedef {import("../types").Failure} Failure */

/** @type {Record<string, string>} */
const KINDS = { nan: "NaN", pinf: "+Inf", ninf: "−Inf" };

/**
 * The first non-finite loss; without one, the first step of the gravest diagnosis.
 * @param {Buckets} loss of the batches, over the whole run
 * @param {Diagnosis[]} diagnoses the gravest first
 * @returns {Failure | null}
 */
export function failureOf(loss, diagnoses) {
  const mark = loss.nonfinite[0];
  if (!mark) return diagnosed(diagnoses);
  const lasting = isLasting(loss, mark.step);
  return { step: mark.step, label: labelOf(KINDS[mark.kind], mark.step, lasting), lasting };
}

/**
 * The diagnosis that a mark on the curves leads to: the one that begins nearest to the failure.
 * @param {Diagnosis[]} diagnoses
 * @param {Failure} failure
 * @returns {Diagnosis | null}
 */
export function diagnosisAt(diagnoses, failure) {
  const distance = (/** @type {Diagnosis} */ each) => Math.abs((each.first_step ?? Infinity) - failure.step);
  return [...diagnoses].sort((a, b) => distance(a) - distance(b))[0] ?? null;
}

/** @param {Diagnosis[]} diagnoses */
function diagnosed(diagnoses) {
  const grave = diagnoses.find((each) => each.severity === "critical" && each.first_step !== null);
  if (!grave || grave.first_step === null) return null;
  return { step: grave.first_step, label: labelOf(symptomBadge(grave.symptom), grave.first_step, true), lasting: false };
}

/**
 * Whether no finite loss came after a step.
 * @param {Buckets} loss
 * @param {number} step
 */
function isLasting(loss, step) {
  const later = loss.mean.filter((_, i) => loss.from[i] > step);
  if (later.length) return later.every((mean) => mean === null);
  return loss.nonfinite.some((mark) => mark.step === lastStep(loss));
}

/**
 * @param {string} word
 * @param {number} step
 * @param {boolean} lasting
 */
function labelOf(word, step, lasting) {
  return `${word} ${lasting ? "from" : "at"} step ${integer(step)}`;
}
