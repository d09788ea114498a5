/**
 * A loss's curve as a small drawing: its shape, without numbers.
 * @module
 */

import { icon } from "../dom.js";
import { curve, rangeRound } from "../losses/curve.js";
import { EXAMPLES } from "../losses/examples.js";
import { question, stateOf } from "../losses/state.js";
import { yRange } from "../charts/scale.js";

const WIDTH = 72;
const HEIGHT = 36;
const STEPS = 48; // a page draws all losses at once

/**
 * @param {import("../types").Loss} loss
 * @returns {Element | null} null for a loss without a formula
 */
export function sketch(loss) {
  const example = EXAMPLES[loss.name]?.[0];
  if (!example) return null;
  const asked = question(loss, stateOf(loss, example));
  const [from, to] = rangeRound(asked, 0);
  const points = curve(loss.name, asked, 0, [example.from ?? from, example.to ?? to], STEPS);
  const drawn = icon(`0 0 ${WIDTH} ${HEIGHT}`, pathOf(points));
  drawn.setAttribute("class", "sketch");
  return drawn;
}

/** @param {import("../losses/curve.js").Curve} curve */
function pathOf({ x, loss }) {
  const y = loss.map((value) => (Number.isFinite(value) ? value : null));
  const [low, high] = yRange([/** @type {any} */ ({ min: y, max: y })], false, true);
  const across = (/** @type {number} */ value) => (WIDTH * (value - x[0])) / (x[x.length - 1] - x[0]);
  const up = (/** @type {number} */ value) => HEIGHT * (1 - (Math.min(high, value) - low) / (high - low));
  return y
    .map((value, i) => {
      if (value === null) return "";
      return `${i && y[i - 1] !== null ? "L" : "M"}${across(x[i]).toFixed(1)} ${up(value).toFixed(1)}`;
    })
    .join("");
}
