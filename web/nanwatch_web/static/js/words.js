/**
 * Labels of the vocabulary as words for people. Pure.
 * @module
 */

import { integer } from "./format.js";

/** The label of an alert whose cause is not known. */
export const UNKNOWN = "unknown";

/** @type {Record<string, [string, string, string?]>} symptom: the badge, the sentence, what its step is */
const SYMPTOMS = {
  nan_loss: ["NaN or Inf", "NaN or Inf in the training", "from"],
  exception: ["Exception", "Training raised an exception", "at"],
  exploding_loss: ["Exploding loss", "Loss explodes", "from"],
  nan_val_only: ["NaN val_loss", "Validation is not finite", "from"],
  loss_spike: ["Loss spike", "Loss jumps", "at"],
  huge_loss: ["Huge loss", "Loss is far above what it can mean"],
  loss_stuck: ["Loss stuck", "Loss does not fall", "from"],
  underfit: ["Underfit", "Loss settles at a bad level"],
  negative_loss: ["Negative loss", "Loss is below what it can be", "from"],
  zero_loss: ["Zero loss", "Loss is near zero while the predictions are bad", "from"],
  oscillating: ["Oscillating", "Loss swings without settling"],
  overfit: ["Overfit", "Validation loss rises while training loss falls"],
  lost: ["Lost", "Contact with the training is lost", "after"],
  hung: ["Hung", "Training does not advance", "from"],
};

/** @type {Record<string, [string, string]>} what was not finite where `nan_loss` is told: the badge, the sentence */
const FAULTS = {
  loss: ["Loss not finite", "Loss is not finite"],
  gradient: ["Gradient not finite", "Gradient is not finite, though the loss is,"],
  weights: ["Weights not finite", "Weights are not finite, though loss and gradient are,"],
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

/**
 * @param {string} symptom
 * @param {string | null} [fault] what was not finite, where that is known
 */
export function symptomBadge(symptom, fault) {
  return FAULTS[fault ?? ""]?.[0] ?? SYMPTOMS[symptom]?.[0] ?? unlabel(symptom);
}

/**
 * "Loss is not finite from step 7,412"; what is judged over a whole run has no first step, and what
 * is only foreseen is no fact.
 * @param {{symptom: string, severity: string, first_step: number | null, fault?: string | null}} diagnosis
 */
export function symptomSentence({ symptom, severity, first_step: step, fault }) {
  const [, plain, when] = SYMPTOMS[symptom] ?? ["", unlabel(symptom), "from"];
  const words = FAULTS[fault ?? ""]?.[1] ?? plain;
  if (severity === "info") return `Foreseen: ${words.charAt(0).toLowerCase()}${words.slice(1)}`;
  if (step === null) return words;
  return when ? `${words} ${when} step ${integer(step)}` : `${words} (judged at step ${integer(step)})`;
}

/**
 * Without the notes of what was foreseen and has come: an alarm tells of the same cause.
 * @template {{severity: string, causes: {label: string}[]}} T
 * @param {T[]} found
 * @returns {T[]}
 */
export function withoutEchoes(found) {
  const alarms = found.filter(({ severity }) => severity !== "info");
  const told = new Set(alarms.flatMap(({ causes }) => causes.map(({ label }) => label)));
  const isNews = (/** @type {T} */ { causes }) =>
    !causes.length || causes.some(({ label }) => !told.has(label));
  return found.filter((each) => each.severity !== "info" || isNews(each));
}

/**
 * What is said in place of a cause, where none is known.
 * @param {string} symptom
 */
export function withoutCause(symptom) {
  const hint = STATES[symptom]?.[1];
  return hint ? `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.` : "No cause stands out yet.";
}

/** @param {string} state */
export function stateWord(state) {
  return STATES[state]?.[0] ?? unlabel(state);
}

/** @param {string} state */
export function stateHint(state) {
  return STATES[state]?.[1] ?? "";
}

/**
 * Why a run is in its state: what the server knows of its silence, or why it ended.
 * @param {{state: string, reason: string, state_reason: string}} run
 */
export function whyWords({ state, reason, state_reason: why }) {
  if (why) return `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
  if (!reason || state === "running") return "";
  // The callback's own reasons, such as stopped_on_nan, are labels; another's words stand as they are.
  return /^[a-z_]+$/.test(reason) ? `${unlabel(reason)}.` : reason;
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
