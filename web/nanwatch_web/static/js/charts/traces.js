/**
 * Placed lines as Plotly traces. Every y is a value that the run sent (or a mean of such). Pure.
 * @module
 */

import { integer, number } from "../format.js";
import { beyond } from "./scale.js";

/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("../types").Palette} Palette */

/** The overlay axis that carries the arrows: 0 is the lower and 1 the upper edge of the plot. */
const ARROW_AXIS = "y2";

const MOST_MARKERS = 60;
const FEW_POINTS = 40;
const MOST_TOLD = 4;

/**
 * The min-max envelope as one filled outline a stretch, so that gaps stay gaps.
 * @param {Placed} placed
 * @param {Palette} palette
 */
export function bandTrace(placed, palette) {
  /** @type {(number | null)[]} */
  const x = [];
  /** @type {(number | null)[]} */
  const y = [];
  for (const stretch of stretches(placed)) {
    const back = [...stretch].reverse();
    x.push(...stretch.map((i) => placed.x[i]), ...back.map((i) => placed.x[i]), null);
    y.push(...stretch.map((i) => placed.max[i]), ...back.map((i) => placed.min[i]), null);
  }
  return {
    type: "scatter",
    mode: "lines",
    name: "min–max",
    x,
    y,
    fill: "toself",
    fillcolor: palette.env,
    line: { width: 0 },
    hoverinfo: "skip",
  };
}

/**
 * The line itself.
 * @param {Placed} placed
 * @param {Palette} palette
 * @param {{index: number, of: number}} part which of the layers, for its colour
 */
export function lineTrace(placed, palette, part) {
  const role = placed.line.role;
  const byEpoch = role === "val" || role === "epoch";
  const dots = placed.x.length <= (byEpoch ? MOST_MARKERS : FEW_POINTS);
  return {
    type: "scatter",
    mode: dots ? "lines+markers" : "lines",
    cliponaxis: placed.x.length > 1,
    name: plainText(placed.line.label),
    meta: placed.line.series,
    x: placed.x,
    y: placed.y,
    connectgaps: false,
    line: strokeOf(placed, palette, part),
    marker: byEpoch ? epochMarker(role, palette) : { size: 4 },
    text: placed.y.map((_, i) => spanOf(placed, i)),
    hovertemplate: "%{text}",
  };
}

/**
 * Arrows at the edge for what the axis leaves out, with the true value; where there are many, for hover alone.
 * @param {Placed[]} lines
 * @param {[number, number]} range linear
 * @param {Palette} palette
 */
export function arrowTrace(lines, range, palette) {
  const peaks = lines.flatMap((line) => beyond(line, range));
  if (!peaks.length) return null;
  return {
    type: "scatter",
    mode: peaks.length > MOST_TOLD ? "markers" : "markers+text",
    name: "off scale",
    yaxis: ARROW_AXIS,
    cliponaxis: false,
    x: peaks.map((peak) => peak.x),
    y: peaks.map((peak) => (peak.up ? 1 : 0)),
    customdata: peaks.map((peak) => peak.value),
    text: peaks.map((peak) => number(peak.value)),
    textposition: peaks.map((peak) => (peak.up ? "bottom right" : "top right")),
    textfont: { size: 11, color: palette.ink },
    hovertemplate: "%{text}, off scale<extra></extra>",
    marker: {
      symbol: peaks.map((peak) => (peak.up ? "triangle-up" : "triangle-down")),
      size: 10,
      color: palette.warn,
      line: { color: palette.card, width: 1 },
    },
  };
}

/**
 * Text for Plotly, which reads a little HTML: what a run calls itself must stay text.
 * @param {string} text
 */
export function plainText(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Runs of neighbouring buckets that have an envelope.
 * @param {Placed} placed
 */
function stretches(placed) {
  /** @type {number[][]} */
  const found = [[]];
  placed.min.forEach((min, i) => {
    if (min !== null && placed.max[i] !== null) found[found.length - 1].push(i);
    else found.push([]);
  });
  return found.filter((stretch) => stretch.length > 1);
}

/**
 * How a line is drawn.
 * @param {Placed} placed
 * @param {Palette} palette
 * @param {{index: number, of: number}} part
 */
export function strokeOf(placed, palette, part) {
  if (placed.line.role === "val") return { color: palette.val, width: 1.7 };
  if (placed.line.role === "running") return { color: palette.running, width: 1.2 };
  if (placed.line.role === "epoch") return { color: palette.train, width: 1, dash: "dot" };
  if (placed.line.role === "part") return { color: partColor(palette, part), width: 1.2 };
  if (placed.line.role === "edge") return { color: palette.edge, width: 1.2 };
  if (placed.line.role === "spread") return { color: palette.running, width: 1.2, dash: "dash" };
  return { color: palette.train, width: 1.7 };
}

/**
 * From the first layer (light) to the last (strong).
 * @param {Palette} palette
 * @param {{index: number, of: number}} part
 */
function partColor(palette, { index, of }) {
  const at = of > 1 ? Math.round((index / (of - 1)) * (palette.parts.length - 1)) : palette.parts.length - 1;
  return palette.parts[at];
}

/**
 * @param {Placed["line"]["role"]} role
 * @param {Palette} palette
 */
function epochMarker(role, palette) {
  const color = role === "val" ? palette.val : palette.train;
  const epoch = role === "epoch";
  return {
    size: epoch ? 6 : 6.5,
    symbol: epoch ? "diamond" : "circle",
    color: palette.card,
    line: { color, width: epoch ? 1.3 : 1.9 },
  };
}

/**
 * "0.4127 (0.35 to 0.52 in 7,400–7,419)": the mean, the extremes and the steps of a bucket.
 * @param {Placed} placed
 * @param {number} i
 */
function spanOf(placed, i) {
  const value = number(placed.y[i]);
  if (placed.from[i] === placed.to[i]) return value;
  const span = `${number(placed.min[i], 3)} to ${number(placed.max[i], 3)} in ${integer(placed.from[i])}–${integer(placed.to[i])}`;
  return `${value} <span style="opacity:.75">(${span})</span>`;
}
