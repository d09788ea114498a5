/**
 * A whole figure: data in, Plotly's data and layout out. Pure.
 * @module
 */

import { toEpoch } from "./epochs.js";
import { epochLabels, epochShapes, failureLabel, failureShapes } from "./landmarks.js";
import { place, smoothed } from "./place.js";
import { rails } from "./rails.js";
import { beyond, linearTicks, logTicks, wantsLog, yRange } from "./scale.js";
import { arrowTrace, bandTrace, lineTrace } from "./traces.js";

/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {import("../types").ChartSpec} ChartSpec */
/** @typedef {import("../types").Failure} Failure */
/** @typedef {import("../types").Figure} Figure */
/** @typedef {import("../types").Palette} Palette */
/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("../types").View} View */

/**
 * @typedef {object} Scene
 * @property {ChartSpec} spec
 * @property {Map<string, Buckets>} series
 * @property {View} view
 * @property {[number, number]} extent first and last step of the whole run
 * @property {number[]} ends last step of each epoch
 * @property {Failure | null} failure
 * @property {Palette} palette
 * @property {{width: number, height: number}} size of the chart in pixels
 */

const MARGIN = { l: 52, r: 12, t: 6, b: 28 };

/**
 * The figure of a scene.
 * @param {Scene} scene
 * @returns {Figure}
 */
export function figure(scene) {
  const log = scene.spec.log || (scene.spec.big && scene.view.logY);
  const lines = drawnLines(scene, log);
  const range = yRange(lines, log, scene.view.ignoreOutliers);
  const strips = rails(lines, railSize(scene), scene.palette);
  const arrows = log ? null : arrowTrace(lines, range, scene.palette);
  return {
    data: [...bands(scene, lines), ...strokes(scene, lines), ...(arrows ? [arrows] : []), ...strips.traces],
    layout: layoutOf(scene, log, range, strips),
    hidden: log ? null : hiddenOf(lines, range),
  };
}

/**
 * Whether the loss asks for a log axis by itself.
 * @param {Scene} scene
 */
export function prefersLog(scene) {
  const lines = drawnLines(scene, false).filter(({ line }) => line.role === "train");
  return lines.length > 0 && wantsLog(lines[0]);
}

/**
 * The window in the axis' own unit.
 * @param {Pick<Scene, "view" | "extent" | "ends">} scene
 * @returns {[number, number]}
 */
export function xRange({ view, extent, ends }) {
  const [from, to] = view.range ?? [extent[0], extent[1] + Math.max(1, (extent[1] - extent[0]) * 0.025)];
  return view.x === "epoch" ? [toEpoch(from, ends), toEpoch(to, ends)] : [from, to];
}

/**
 * @param {Scene} scene
 * @param {boolean} log
 */
function drawnLines({ spec, series, view, ends }, log) {
  const wanted = spec.lines.filter((line) => line.role !== "running" || view.running);
  return wanted.flatMap((line) => {
    const buckets = series.get(line.series);
    return buckets ? [place(line, buckets, view, ends, log)] : [];
  });
}

/**
 * The plot's height in pixels, and how much of the axis a pixel covers.
 * @param {Scene} scene
 */
function railSize(scene) {
  const [from, to] = xRange(scene);
  const { width, height } = scene.size;
  return {
    height: height - MARGIN.t - MARGIN.b,
    pixel: (to - from) / Math.max(width - MARGIN.l - MARGIN.r, 1),
  };
}

/**
 * @param {Scene} scene
 * @param {Placed[]} lines
 */
function bands({ view, palette }, lines) {
  if (!view.band) return [];
  return lines.filter(({ line }) => line.role === "train").map((placed) => bandTrace(placed, palette));
}

/**
 * @param {Scene} scene
 * @param {Placed[]} lines
 */
function strokes({ view, palette }, lines) {
  const of = lines.length;
  return lines.map((placed, index) => lineTrace(smoothed(placed, view.smoothing), palette, { index, of }));
}

/**
 * @param {Placed[]} lines
 * @param {[number, number]} range
 */
function hiddenOf(lines, range) {
  const peaks = lines.flatMap((line) => beyond(line, range)).map((peak) => peak.value);
  const furthest = peaks.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0);
  return peaks.length ? { n: peaks.length, furthest } : null;
}

/**
 * @param {Scene} scene
 * @param {boolean} log
 * @param {[number, number]} range
 * @param {ReturnType<typeof rails>} strips
 */
function layoutOf(scene, log, range, strips) {
  const { palette } = scene;
  const font = { family: palette.font, size: 11.5, color: palette.mut };
  return {
    paper_bgcolor: palette.card,
    plot_bgcolor: palette.card,
    font,
    margin: MARGIN,
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: palette.card, bordercolor: palette.line, font: { ...font, color: palette.ink } },
    xaxis: xAxis(scene),
    yaxis: yAxis(log, range, strips.domain, palette),
    yaxis2: { domain: strips.domain, range: [0, 1], overlaying: "y", visible: false, fixedrange: true },
    ...strips.axes,
    shapes: [...strips.shapes, ...epochShapes(scene), ...failureShapes(scene, xRange(scene))],
    annotations: [...epochLabels(scene), ...failureLabel(scene, xRange(scene), strips.domain[1])],
  };
}

/** @param {Scene} scene */
function xAxis(scene) {
  const { palette, view, size } = scene;
  const whole = view.x === "step" || !scene.ends.length;
  const range = xRange(scene);
  const ticks = Math.max(3, Math.round(size.width / 95));
  return {
    range,
    ...(whole && range[1] - range[0] <= ticks ? { dtick: 1 } : {}), // no half steps between whole ones
    tickformat: whole ? ",d" : "~g",
    hoverformat: whole ? ",.0f" : ".2f",
    nticks: ticks,
    gridcolor: palette.grid,
    linecolor: palette.line,
    zeroline: false,
    ticks: "",
    anchor: "free",
    position: 0,
    showspikes: true,
    spikemode: "across",
    spikesnap: "cursor",
    spikethickness: 1,
    spikedash: "solid",
    spikecolor: palette.mut,
    unifiedhovertitle: { text: whole ? "step %{x:,.0f}" : "epoch %{x:.2f}" },
  };
}

/**
 * @param {boolean} log
 * @param {[number, number]} range
 * @param {[number, number]} domain
 * @param {Palette} palette
 */
function yAxis(log, range, domain, palette) {
  const ticks = log ? logTicks(range) : linearTicks(range);
  return {
    type: log ? "log" : "linear",
    range,
    domain,
    fixedrange: true,
    gridcolor: palette.grid,
    linecolor: palette.line,
    zeroline: false,
    ticks: "",
    tickmode: "array",
    ...ticks,
  };
}
