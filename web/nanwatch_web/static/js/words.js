/**
 * Labels of the vocabulary as words for people. Pure.
 * @module
 */

import { integer } from "./format.js";

/** @type {Record<string, [string, string]>} symptom: the badge, the sentence */
const SYMPTOMS = {
  nan_loss: ["NaN loss", "Loss is not finite"],
  exception: ["Exception", "Training raised an exception"],
  exploding_loss: ["Exploding loss", "Loss explodes"],
  nan_val_only: ["NaN val_loss", "Validation loss is not finite"],
  loss_spike: ["Loss spike", "Loss jumps"],
  huge_loss: ["Huge loss", "Loss is far above what it can mean"],
  loss_stuck: ["Loss stuck", "Loss does not fall"],
  underfit: ["Underfit", "Loss settles at a bad level"],
  negative_loss: ["Negative loss", "Loss is below zero, where it cannot be"],
  zero_loss: ["Zero loss", "Loss is near zero while the predictions are bad"],
  oscillating: ["Oscillating", "Loss swings without settling"],
  overfit: ["Overfit", "Validation loss rises while training loss falls"],
};

/** @type {Record<string, [string, string]>} state: the word, the explanation */
const STATES = {
  running: ["Running", "points or heartbeats arrive"],
  finished: ["Finished", "the training ended by itself"],
  failed: ["Failed", "the training raised an exception"],
  interrupted: ["Interrupted", "the training was stopped by its user"],
  stale: ["Stale", "no heartbeat for 30 seconds"],
  lost: ["Lost", "no contact for 5 minutes; the training may have died or the network may be cut"],
  hung: ["Hung", "heartbeats arrive, but the step does not advance"],
};

const SEVERITIES = ["critical", "warning", "info"];

/** @type {Record<string, string>} */
const HEALTH = { ok: "Healthy", info: "Note", warning: "Warning", critical: "Critical" };

/**
 * The gravest of several: by severity, then by how much the symptom says (the order of the vocabulary).
 * @template {{severity: string, symptom: string}} T
 * @param {T[]} found
 * @returns {T[]} the gravest first
 */
export function byGravity(found) {
  const symptoms = Object.keys(SYMPTOMS);
  const rank = (/** @type {T} */ each) =>
    SEVERITIES.indexOf(each.severity) * 100 + symptoms.indexOf(each.symptom);
  return [...found].sort((a, b) => rank(a) - rank(b));
}

/** @param {string} symptom */
export function symptomBadge(symptom) {
  return SYMPTOMS[symptom]?.[0] ?? unlabel(symptom);
}

/**
 * "Loss is not finite from step 7,412".
 * @param {string} symptom
 * @param {number | null} firstStep
 */
export function symptomSentence(symptom, firstStep) {
  const words = SYMPTOMS[symptom]?.[1] ?? unlabel(symptom);
  return firstStep === null ? words : `${words} from step ${integer(firstStep)}`;
}

/** @param {string} state */
export function stateWord(state) {
  return STATES[state]?.[0] ?? unlabel(state);
}

/** @param {string} state */
export function stateHint(state) {
  return STATES[state]?.[1] ?? "";
}

/** @param {string} health */
export function healthWord(health) {
  return HEALTH[health] ?? unlabel(health);
}

/**
 * A label such as "nan_in_features" without underscores and with a capital.
 * @param {string} label
 */
export function unlabel(label) {
  const words = label
    .replaceAll("_", " ")
    .trim()
    .replace(/\bnan\b/gi, "NaN");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
