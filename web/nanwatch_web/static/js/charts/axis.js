/**
 * The horizontal axis: where steps lie when it counts steps, epochs, the time of day or the time since
 * the beginning. Pure.
 * @module
 */

import { toEpoch, toStep } from "./epochs.js";

/** @typedef {import("../types").Across} Across */
/** @typedef {import("../types").Clock} Clock */
/** @typedef {{ends: number[], clock: Clock}} Scales last step of each epoch, and when steps were */

/** @type {[number, string][]} seconds a unit, and its name, the largest last */
const UNITS = [
  [1, "s"],
  [60, "min"],
  [3600, "h"],
  [86400, "d"],
];
/** So many of a unit before the next one is easier to read. */
const MANY = 180;

/** @returns {Clock} */
export function noClock() {
  return { steps: [], seconds: [] };
}

/**
 * When steps were, by the series `time`: time only rises, so a bucket's extremes lie at its ends.
 * @param {import("../types").Buckets} time
 * @returns {Clock}
 */
export function clockOf(time) {
  const clock = noClock();
  time.from.forEach((from, i) => {
    tick(clock, from, time.min[i]);
    tick(clock, time.to[i], time.max[i]);
  });
  return clock;
}

/**
 * What the axis can count; what it cannot, it counts in steps.
 * @param {Across} wanted
 * @param {Scales} scales
 * @returns {Across}
 */
export function countable(wanted, { ends, clock }) {
  if (wanted === "epoch") return ends.length ? wanted : "step";
  return wanted === "step" || clock.steps.length > 1 ? wanted : "step";
}

/**
 * From a step to its place on the axis.
 * @param {Across} wanted
 * @param {Scales} scales
 * @returns {(step: number) => number}
 */
export function across(wanted, scales) {
  const { ends, clock } = scales;
  const x = countable(wanted, scales);
  if (x === "epoch") return (step) => toEpoch(step, ends);
  if (x === "time") return (step) => local(1000 * secondsAt(step, clock));
  if (x === "relative") return (step) => (secondsAt(step, clock) - clock.seconds[0]) / unitOf(clock)[0];
  return (step) => step;
}

/**
 * From a place on the axis to its step: the inverse of `across`.
 * @param {Across} wanted
 * @param {Scales} scales
 * @returns {(place: number) => number}
 */
export function back(wanted, scales) {
  const { ends, clock } = scales;
  const x = countable(wanted, scales);
  if (x === "epoch") return (place) => toStep(place, ends);
  if (x === "time") return (place) => stepAt(global(place) / 1000, clock);
  if (x === "relative") return (place) => stepAt(clock.seconds[0] + place * unitOf(clock)[0], clock);
  return (place) => place;
}

/**
 * A place as Plotly tells it: on an axis of dates it is text, "2026-11-22 08:26:33.1".
 * @param {number | string} told
 */
export function placeOfText(told) {
  const place = Number(told);
  return Number.isNaN(place) ? Date.parse(`${String(told).replace(" ", "T")}Z`) : place;
}

/**
 * The unit in which a run's duration is told: seconds, and its name.
 * @param {Clock} clock
 */
export function unitOf({ seconds }) {
  const length = seconds[seconds.length - 1] - seconds[0];
  return UNITS.find(([size]) => length < MANY * size) ?? UNITS[UNITS.length - 1];
}

/**
 * When a step was, in seconds since 1970; behind the last one known at the pace of the last ones.
 * @param {number} step
 * @param {Clock} clock
 */
export function secondsAt(step, { steps, seconds }) {
  return between(Math.max(step, steps[0]), steps, seconds);
}

/**
 * @param {number} second
 * @param {Clock} clock
 */
function stepAt(second, { steps, seconds }) {
  return between(second, seconds, steps);
}

/**
 * On the straight line through the two neighbours.
 * @param {number} at
 * @param {number[]} from ascending
 * @param {number[]} to
 */
function between(at, from, to) {
  const right = Math.min(Math.max(firstBeyond(from, at), 1), from.length - 1);
  const length = from[right] - from[right - 1];
  const share = length > 0 ? (at - from[right - 1]) / length : 1;
  return to[right - 1] + share * (to[right] - to[right - 1]);
}

/**
 * @param {number[]} values ascending
 * @param {number} limit
 */
function firstBeyond(values, limit) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * A clock that was set back stands still until it is where it was.
 * @param {Clock} clock
 * @param {number} step
 * @param {number | null} second
 */
function tick({ steps, seconds }, step, second) {
  const last = steps.length - 1;
  if (second === null || (last >= 0 && step <= steps[last])) return;
  steps.push(step);
  seconds.push(last >= 0 ? Math.max(second, seconds[last]) : second);
}

/**
 * Plotly writes dates in UTC: shifted, they read as the viewer's own time of day.
 * @param {number} ms since 1970
 */
function local(ms) {
  return ms - new Date(ms).getTimezoneOffset() * 60_000;
}

/** @param {number} shifted */
function global(shifted) {
  return shifted + new Date(shifted).getTimezoneOffset() * 60_000;
}
