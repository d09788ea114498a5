/**
 * The losses of several runs in one figure. Pure.
 * @module
 */

import { rails } from "../charts/rails.js";
import { linearTicks, logTicks, yRange } from "../charts/scale.js";
import { arrowTrace, lineTrace } from "../charts/traces.js";

/** @typedef {import("../types").Palette} Palette */
/** @typedef {import("../types").Placed} Placed */

const MARGIN = { l: 52, r: 12, t: 6, b: 44 };
/** So that runs are told apart without colours, and where they lie on one another. */
const DASHES = ["solid", "dash", "dot"];
/** @type {Record<import("./address.js").Alignment, string>} */
const TITLES = {
  step: "step",
  epoch: "epochs done",
  time: "since the first step",
  divergence: "steps from the first loss that is not finite",
};

/**
 * @param {(Placed | null)[]} placed in the order of the runs; null for a run without a place on this axis
 * @param {{align: import("./address.js").Alignment, log: boolean, range?: [number, number] | null, unit?: string}} view
 *   with a window of the axis, and the unit in which it counts time
 * @param {Palette} palette
 * @param {string[]} colours of the runs
 * @param {{width: number, height: number}} size
 */
export function comparison(placed, view, palette, colours, size) {
  const { log } = view;
  const lines = placed.filter((line) => line !== null);
  const colourOf = new Map(placed.map((line, i) => [line?.line.label, colours[i]]));
  const across = view.range ?? extent(lines.flatMap((line) => [...line.x, ...line.marks.map((mark) => mark.x)]));
  const pixel = (across[1] - across[0]) / Math.max(size.width - MARGIN.l - MARGIN.r, 1);
  const strips = rails(lines, { height: size.height - MARGIN.t - MARGIN.b, pixel }, palette);
  const range = yRange(lines, log, true);
  const arrows = log ? null : arrowTrace(lines, range, palette);
  const marks = strips.traces.map((trace) => ({
    ...trace,
    marker: { ...trace.marker, color: colourOf.get(trace.meta) },
  }));
  const strokes = placed.flatMap((line, i) => (line ? [stroke(line, palette, colours[i], i)] : []));
  return {
    data: [...strokes, ...(arrows ? [arrows] : []), ...marks],
    layout: layoutOf(view, { across, range }, strips, palette),
  };
}

/**
 * @param {{align: import("./address.js").Alignment, log: boolean, unit?: string}} view
 * @param {{across: [number, number], range: [number, number]}} window
 * @param {ReturnType<typeof rails>} strips
 * @param {Palette} palette
 */
function layoutOf({ align, log, unit }, { across, range }, strips, palette) {
  const font = { family: palette.font, size: 11.5, color: palette.mut };
  const look = { gridcolor: palette.grid, linecolor: palette.line, zeroline: false, ticks: "" };
  const title = { text: below(align, unit), font: { size: 12 }, standoff: 8 };
  const ticks = { tickmode: "array", ...(log ? logTicks(range) : linearTicks(range)) };
  return {
    paper_bgcolor: palette.card,
    plot_bgcolor: palette.card,
    font,
    margin: MARGIN,
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: palette.card, bordercolor: palette.line, font: { ...font, color: palette.ink } },
    xaxis: { ...look, range: across, title, tickformat: align === "epoch" || align === "time" ? "~g" : ",~r", anchor: "free", position: 0 },
    yaxis: { ...look, type: log ? "log" : "linear", range, domain: strips.domain, fixedrange: true, ...ticks },
    yaxis2: { domain: strips.domain, range: [0, 1], overlaying: "y", visible: false, fixedrange: true },
    ...strips.axes,
    shapes: [...strips.shapes, ...(align === "divergence" ? [divergence(palette)] : [])],
  };
}

/**
 * What stands below the axis.
 * @param {import("./address.js").Alignment} align
 * @param {string} [unit] in which time is counted
 */
export function below(align, unit) {
  return align === "time" ? `${unit} ${TITLES[align]}` : TITLES[align];
}

/**
 * The line at which all runs fail.
 * @param {Palette} palette
 */
function divergence(palette) {
  const line = { color: palette.bad, width: 1.5 };
  return { type: "line", name: "divergence", x0: 0, x1: 0, y0: 0, y1: 1, yref: "paper", line };
}

/**
 * @param {Placed} placed
 * @param {Palette} palette
 * @param {string} color
 * @param {number} i which of the runs
 */
function stroke(placed, palette, color, i) {
  const line = { color, width: 1.7, dash: DASHES[i % DASHES.length] };
  return { ...lineTrace(placed, palette, { index: 0, of: 1 }), line, marker: { size: 4, color } };
}

/**
 * @param {number[]} values
 * @returns {[number, number]} with room for a single one
 */
function extent(values) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!values.length) return [0, 1];
  const room = (high - low) * 0.02 || 1;
  return [low, high + room];
}
