/**
 * A chart's curves as the rows of a table, few enough to be read. Pure.
 * @module
 */

import { integer, number } from "../format.js";
import { condense, empty } from "./buckets.js";
import { byEpoch } from "./place.js";

/** @typedef {import("../types").Buckets} Buckets */

const MOST_ROWS = 40;

/** What stands in a row. Epochs stand among the steps, counted from 1. */
export const HEADS = ["Line", "Steps", "Mean", "Lowest", "Highest", "Not finite"];

/**
 * @param {import("../types").Line[]} lines
 * @param {Map<string, Buckets>} series
 * @returns {string[][]}
 */
export function rowsOf(lines, series) {
  return lines.flatMap((line) => {
    const buckets = condense(series.get(line.series) ?? empty(), MOST_ROWS);
    return buckets.from.map((_, i) => [line.label, where(line, buckets, i), ...cells(buckets, i)]);
  });
}

/**
 * @param {import("../types").Line} line
 * @param {Buckets} buckets
 * @param {number} i
 */
function where(line, { from, to }, i) {
  const [unit, first] = byEpoch(line) ? ["epoch ", 1] : ["", 0];
  const begin = unit + integer(from[i] + first);
  return from[i] === to[i] ? begin : `${begin} to ${integer(to[i] + first)}`;
}

/**
 * @param {Buckets} buckets
 * @param {number} i
 */
function cells(buckets, i) {
  const [from, to] = [buckets.from[i], buckets.to[i]];
  const bad = buckets.nonfinite.filter(({ step }) => step >= from && step <= to).length;
  return [
    number(buckets.mean[i]),
    number(buckets.min[i]),
    number(buckets.max[i]),
    bad ? integer(bad) : "",
  ];
}
