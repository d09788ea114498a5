/**
 * The vertical range of a chart, and what lies beyond it. Pure.
 * @module
 */

import { number } from "../format.js";

/** @typedef {import("../types").Placed} Placed */

const FEW = 12;
const TAIL = 0.02;
const ROOM = 0.3;
const PAD = 0.06;
/** An axis shows a thousandth of its values at least: what varies less is flat, not wild. */
const LEAST_SPAN = 1e-3;
const MOST_DECADES = 6;
const EXPLODED = 1e6;
const SHORT_DECADES = 0.7;
/** Below that an exponent is easier to read. */
const MOST_DECIMALS = 6;
const MOST_TICKS = 6;
const ROUND = [1, 2, 2.5, 5, 10];

/**
 * The range of the vertical axis.
 * @param {Placed[]} lines
 * @param {boolean} log then the range is in powers of ten, as Plotly wants it
 * @param {boolean} ignoreOutliers
 * @returns {[number, number]}
 */
export function yRange(lines, log, ignoreOutliers) {
  const { lows, highs } = edges(lines, log);
  if (!lows.length) return log ? [-1, 1] : [0, 1];
  const full = /** @type {[number, number]} */ ([lows[0], highs[highs.length - 1]]);
  return log ? padded(full) : grounded(padded(ignoreOutliers ? core(lows, highs, full) : full), full[0]);
}

/**
 * The peaks beyond the range, one for each stretch of neighbouring buckets.
 * @param {Placed} line
 * @param {[number, number]} range linear
 * @returns {{x: number, value: number, up: boolean}[]}
 */
export function beyond(line, range) {
  /** @type {{x: number, value: number, up: boolean}[]} */
  const peaks = [];
  let open = false;
  line.x.forEach((x, i) => {
    const peak = peakOf(line, i, range);
    if (peak && open && isFurther(peak, peaks[peaks.length - 1])) peaks[peaks.length - 1] = { x, ...peak };
    else if (peak && !open) peaks.push({ x, ...peak });
    open = peak !== null;
  });
  return peaks;
}

/**
 * Where a log axis has its ticks: powers of ten, and between them when it spans few.
 * @param {[number, number]} range in powers of ten
 */
export function logTicks([low, high]) {
  if (high - low < SHORT_DECADES) return linearTicks([10 ** low, 10 ** high]);
  const every = Math.max(1, Math.ceil((high - low) / MOST_DECADES));
  const mantissas = high - low > 1.6 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const values = powers
    .filter((power) => power % every === 0)
    .flatMap((power) => mantissas.map((m) => m * 10 ** power));
  const tickvals = values.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
  return { tickvals, ticktext: tickvals.map((value) => number(value, 2)) };
}

/**
 * Where a linear axis has its ticks: round values, with just the digits that tell them apart.
 * @param {[number, number]} range
 */
export function linearTicks([low, high]) {
  const raw = (high - low) / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (ROUND.find((round) => round * power >= raw) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / step)) + 2;
  const tickvals = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  return { tickvals, ticktext: tickvals.map((value) => tickText(value, step, Math.max(2, digits))) };
}

/**
 * Small ticks of one axis are written alike: 0.00095 beside 0.001, not 9.5e-4.
 * @param {number} value
 * @param {number} step between two ticks
 * @param {number} digits
 */
function tickText(value, step, digits) {
  const decimals = Math.max(0, -Math.floor(Math.log10(step)) + 1);
  const isSmall = value !== 0 && Math.abs(value) < 1e-3 && decimals <= MOST_DECIMALS;
  return isSmall ? String(Number(value.toFixed(decimals))).replace("-", "−") : number(value, digits);
}

/**
 * Whether a loss spans so many orders of magnitude that only a log axis shows its course.
 * @param {Pick<Placed, "y">} line
 */
export function wantsLog(line) {
  const values = line.y.filter((value) => value !== null);
  const lowest = Math.min(...values);
  return lowest > 0 && Math.max(...values) / lowest > EXPLODED;
}

/**
 * @param {Placed} line
 * @param {number} i
 * @param {[number, number]} range
 */
function peakOf(line, i, [low, high]) {
  const [min, max] = [line.min[i], line.max[i]];
  if (max !== null && max > high) return { value: max, up: true };
  if (min !== null && min < low) return { value: min, up: false };
  return null;
}

/**
 * @param {{value: number, up: boolean}} peak
 * @param {{value: number, up: boolean}} than
 */
function isFurther(peak, than) {
  return peak.up ? peak.value > than.value : peak.value < than.value;
}

/**
 * The finite lower and upper edges of all buckets, sorted.
 * @param {Placed[]} lines
 * @param {boolean} log
 */
function edges(lines, log) {
  const scaled = (/** @type {(number | null)[][]} */ columns) =>
    columns
      .flat()
      .filter((v) => v !== null)
      .filter((v) => !log || v > 0)
      .map((v) => (log ? Math.log10(v) : v))
      .sort((a, b) => a - b);
  return { lows: scaled(lines.map((line) => line.min)), highs: scaled(lines.map((line) => line.max)) };
}

/**
 * Most of the values with room around them, never more than all.
 * @param {number[]} lows
 * @param {number[]} highs
 * @param {[number, number]} full
 * @returns {[number, number]}
 */
function core(lows, highs, full) {
  if (lows.length < FEW) return full;
  const [low, high] = [quantile(lows, TAIL), quantile(highs, 1 - TAIL)];
  const room = ROOM * (high - low);
  return [Math.max(full[0], low - room), Math.min(full[1], high + room)];
}

/**
 * @param {[number, number]} range
 * @returns {[number, number]}
 */
function padded([low, high]) {
  const least = LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high));
  const pad = high > low ? Math.max(PAD * (high - low), (least - (high - low)) / 2) : Math.abs(high) * 0.1 || 0.5;
  return [low - pad, high + pad];
}

/**
 * Begin at zero where the values come near it and never go below.
 * @param {[number, number]} range
 * @param {number} lowest
 * @returns {[number, number]}
 */
function grounded([low, high], lowest) {
  return lowest >= 0 && low < 0.25 * high ? [0, high] : [low, high];
}

/**
 * @param {number[]} sorted
 * @param {number} share
 */
function quantile(sorted, share) {
  return sorted[Math.round(share * (sorted.length - 1))];
}
