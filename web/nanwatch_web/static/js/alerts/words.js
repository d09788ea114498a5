/**
 * An alert in words for people. Pure.
 * @module
 */

import { ago, exact, integer } from "../format.js";

/** @typedef {import("../types").Alert} Alert */

/** @type {Record<Alert["state"], string>} */
const STATES = { open: "Open", acknowledged: "Acknowledged", resolved: "Resolved" };
const STEPS_AROUND = 60;

/** @param {Alert["state"]} state */
export function standingWord(state) {
  return STATES[state] ?? state;
}

/**
 * The run's page, zoomed at the failure, with its diagnosis in view.
 * @param {Alert} alert
 */
export function placeOf({ id, run_id: run, first_step: step }) {
  const window = step === null ? "" : `?steps=${Math.max(0, step - STEPS_AROUND)}-${step + STEPS_AROUND}`;
  return `/runs/${encodeURIComponent(run)}${window}#diagnosis-${id}`;
}

/**
 * "at step 4,120"; nothing for what is judged over a whole run.
 * @param {Alert} alert
 */
export function stepWords({ first_step: step }) {
  return step === null ? "" : `at step ${integer(step)}`;
}

/**
 * How long an alert is quiet; empty when it is not.
 * @param {Alert} alert
 */
export function muteWords({ muted, muted_until: until }) {
  if (!muted) return "";
  return until === null ? "Muted until worse" : `Muted until ${exact(until)}`;
}

/**
 * When it was acknowledged or resolved: "Resolved 3 minutes ago"; and why, if nobody did it.
 * @param {Alert} alert
 * @param {number} now milliseconds since 1970
 */
export function sinceWords({ state, acknowledged_at: seen, resolved_at: done, note }, now) {
  const when = state === "resolved" ? done : state === "acknowledged" ? seen : null;
  const words = when === null ? standingWord(state) : `${standingWord(state)} ${ago(when, now)}`;
  return note ? `${words}: ${note}` : words;
}

/**
 * What became of the messages: "2 sent, 1 failed".
 * @param {Alert} alert
 */
export function deliveryWords({ deliveries }) {
  const told = Object.entries(deliveries ?? {}).filter(([, n]) => n > 0);
  return told.length ? told.map(([state, n]) => `${n} ${state}`).join(", ") : "No message sent";
}
