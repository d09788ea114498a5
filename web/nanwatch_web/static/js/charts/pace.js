/**
 * How fast a run goes, from the series that tells when its steps were. Pure.
 * @module
 */

import { empty } from "./buckets.js";

/** @typedef {import("../types").Buckets} Buckets */

/** A series that is not sent, but made of another. */
export const PACE = "pace";
export const TIME = "time";
/** The last step may follow the one before it within a moment: too short to tell a pace. */
const LEAST_S = 0.5;

/**
 * The series that has to be fetched for another.
 * @param {string} name
 */
export function sourceOf(name) {
  return name === PACE ? TIME : name;
}

/**
 * Steps a second, from one moment that was told to the next.
 * @param {Buckets} time
 * @returns {Buckets}
 */
export function paceOf(time) {
  const pace = empty();
  /** @type {{step: number, second: number} | null} */
  let begin = null;
  time.max.forEach((second, i) => {
    if (second === null) return;
    begin ??= { step: time.from[i], second: Number(time.min[i]) };
    if (second - begin.second < LEAST_S) return;
    push(pace, begin.step, time.to[i], (time.to[i] - begin.step) / (second - begin.second));
    begin = { step: time.to[i], second };
  });
  return pace;
}

/**
 * @param {Buckets} pace
 * @param {number} from
 * @param {number} to
 * @param {number} value
 */
function push(pace, from, to, value) {
  pace.from.push(from);
  pace.to.push(to);
  pace.n.push(to - from);
  for (const column of [pace.min, pace.max, pace.mean]) column.push(value);
}
