/**
 * A chart in one or two sentences, for those who cannot see it. Pure.
 * @module
 */

import { integer, number } from "../format.js";

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").ChartSpec} ChartSpec */
/** @typedef {import("../types").Failure} Failure */

/** @type {Record<string, string>} */
const KIND_WORDS = { nan: "NaN", pinf: "plus infinity", ninf: "minus infinity" };
const MOST_LINES = 4;

/**
 * @param {ChartSpec} spec
 * @param {Map<string, Buckets>} series
 * @param {Failure | null} failure
 */
export function summary(spec, series, failure) {
  const told = spec.lines.slice(0, MOST_LINES).map((line) => lineWords(line, series.get(line.series)));
  const more = spec.lines.length > MOST_LINES ? [`${spec.lines.length - MOST_LINES} more lines.`] : [];
  const failed = failure ? [`The run failed at step ${integer(failure.step)}.`] : [];
  return [`${spec.title}.`, ...told, ...more, ...failed].join(" ");
}

/**
 * @param {import("../types").Line} line
 * @param {Buckets | undefined} buckets
 */
function lineWords(line, buckets) {
  const values = (buckets?.mean ?? []).filter((value) => value !== null);
  if (!buckets || !values.length) return `${line.label}: no finite value${nonFiniteWords(buckets)}.`;
  const [first, last] = [values[0], values[values.length - 1]];
  const lowest = buckets.min.filter((v) => v !== null).reduce((a, b) => Math.min(a, b));
  const highest = buckets.max.filter((v) => v !== null).reduce((a, b) => Math.max(a, b));
  return `${line.label}: from ${number(first)} to ${number(last)}, lowest ${number(lowest)}, highest ${number(highest)}${nonFiniteWords(buckets)}.`;
}

/** @param {Buckets | undefined} buckets */
function nonFiniteWords(buckets) {
  const mark = buckets?.nonfinite[0];
  return mark ? `, ${KIND_WORDS[mark.kind]} at ${integer(mark.step)}` : "";
}
