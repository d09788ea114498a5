/**
 * From buckets to points on the horizontal axis. Pure.
 * @module
 */

import { across } from "./axis.js";
import { centres, within } from "./buckets.js";
import { smooth } from "./smoothing.js";

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").Line} Line */
/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("../types").View} View */

/**
 * Place a line: epochs stand at the step where they ended, and on a log axis what is not positive
 * leaves the line for its own rail.
 * @param {Line} line
 * @param {Buckets} buckets
 * @param {View} view
 * @param {import("./axis.js").Scales} scales
 * @param {boolean} log
 * @returns {Placed}
 */
export function place(line, buckets, view, scales, log) {
  const stepOf = byEpoch(line) ? endOf(scales.ends) : asIs;
  const toPlace = across(view.x, scales);
  const seen = view.range && !byEpoch(line) ? within(buckets, ...view.range) : buckets;
  const placed = laid(line, seen, stepOf, toPlace, log);
  return byEpoch(line) ? withoutStray(placed, view, toPlace) : placed;
}

/**
 * The same line smoothed; epochs are few and stay as they are.
 * @param {Placed} placed
 * @param {number} weight
 * @returns {Placed}
 */
export function smoothed(placed, weight) {
  if (weight <= 0 || byEpoch(placed.line)) return placed;
  return { ...placed, y: smooth(placed.y, placed.n, weight) };
}

/**
 * Whether the steps of a series are epochs.
 * @param {Line} line
 */
export function byEpoch(line) {
  return line.series.startsWith("epoch/");
}

/**
 * @param {Line} line
 * @param {Buckets} seen
 * @param {(step: number) => number} stepOf
 * @param {(step: number) => number} toPlace
 * @param {boolean} log
 * @returns {Placed}
 */
function laid(line, seen, stepOf, toPlace, log) {
  const drawn = (/** @type {number | null} */ v) => (log && v !== null && v <= 0 ? null : v);
  const middle = byEpoch(line) ? seen.to : centres(seen);
  return {
    line,
    n: seen.n,
    from: seen.from,
    to: seen.to,
    x: middle.map((step) => toPlace(stepOf(step))),
    y: seen.mean.map(drawn),
    min: seen.min.map(drawn),
    max: seen.max.map(drawn),
    marks: marksOf(seen, middle, log).map((mark) => ({ ...mark, x: toPlace(stepOf(mark.step)) })),
  };
}

/**
 * @param {Buckets} seen
 * @param {number[]} middle
 * @param {boolean} log
 * @returns {{step: number, kind: Placed["marks"][number]["kind"]}[]}
 */
function marksOf(seen, middle, log) {
  if (!log) return seen.nonfinite;
  const low = middle.filter((_, i) => seen.min[i] !== null && Number(seen.min[i]) <= 0);
  return [...seen.nonfinite, ...low.map((step) => ({ step, kind: /** @type {const} */ ("nonpositive") }))];
}

/**
 * Leave out epochs that have no place yet (their end is not known) or lie outside the window.
 * @param {Placed} placed
 * @param {View} view
 * @param {(step: number) => number} toPlace
 * @returns {Placed}
 */
function withoutStray(placed, view, toPlace) {
  const [low, high] = view.range ? view.range.map(toPlace) : [-Infinity, Infinity];
  const inside = (/** @type {number} */ x) => x >= low && x <= high;
  const kept = placed.x.map((_, i) => i).filter((i) => inside(placed.x[i]));
  /** @template T @param {T[]} column */
  const pick = (column) => kept.map((i) => column[i]);
  return {
    ...placed,
    x: pick(placed.x),
    y: pick(placed.y),
    min: pick(placed.min),
    max: pick(placed.max),
    n: pick(placed.n),
    from: pick(placed.from),
    to: pick(placed.to),
    marks: placed.marks.filter((mark) => inside(mark.x)),
  };
}

/**
 * @param {number[]} ends
 * @returns {(epoch: number) => number} NaN for an epoch whose end is not known; without any ends the
 *   epoch itself, because then the whole run speaks in epochs
 */
function endOf(ends) {
  return (epoch) => (ends.length ? (ends[epoch] ?? NaN) : epoch);
}

/** @param {number} step */
function asIs(step) {
  return step;
}
