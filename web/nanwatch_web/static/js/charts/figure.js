/**
 * A whole figure: data in, Plotly's data and layout out. Pure.
 * @module
 */

import { attemptLabels, attemptShapes, earlierLines, earlierTrace } from "./attempts.js";
import { across, countable, unitOf } from "./axis.js";
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
 * @property {import("../types").Clock} clock when steps were
 * @property {Failure | null} failure
 * @property {import("../types").Told[]} told what else was diagnosed, and where
 * @property {Map<string, import("./attempts.js").Earlier>} [earlier] attempts below the latest, by series
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
  const log = isLog(scene);
  const lines = drawnLines(scene);
  const ruler = scene.spec.ruler ? linesOf(scene, scene.spec.ruler, log) : [];
  const earlier = earlierLines(scene, log);
  const range = yRange([...lines, ...ruler, ...earlier], log, scene.view.ignoreOutliers);
  const strips = rails([...lines, toldLine(scene)], railSize(scene), scene.palette);
  const arrows = log ? null : arrowTrace(lines, range, scene.palette);
  const below = earlier.map((placed) => earlierTrace(placed, scene.palette));
  const layout = layoutOf(scene, log, range, strips);
  const empty = [...lines, ...earlier].every(isEmpty) ? [nothing(scene.palette)] : [];
  return {
    data: [...below, ...bands(scene, lines), ...strokes(scene, lines), ...(arrows ? [arrows] : []), ...strips.traces],
    layout: { ...layout, annotations: [...layout.annotations, ...empty] },
    hidden: log ? null : hiddenOf(lines, range),
  };
}

/**
 * Whether the loss asks for a log axis by itself.
 * @param {Scene} scene
 */
export function prefersLog(scene) {
  const lines = linesOf(scene, scene.spec.lines, false).filter(({ line }) => line.role === "train");
  return lines.length > 0 && wantsLog(lines[0]);
}

/**
 * The window in the axis' own unit.
 * @param {Pick<Scene, "view" | "extent" | "ends" | "clock">} scene
 * @returns {[number, number]}
 */
export function xRange({ view, extent, ends, clock }) {
  const [from, to] = view.range ?? [extent[0], extent[1] + Math.max(1, (extent[1] - extent[0]) * 0.025)];
  const toPlace = across(view.x, { ends, clock });
  return [toPlace(from), toPlace(to)];
}

/** @param {Scene} scene */
export function isLog({ spec, view }) {
  return spec.log || (spec.big && view.logY);
}

/**
 * The lines of a scene, placed, without those that the reader does not wish to see.
 * @param {Scene} scene
 */
export function drawnLines(scene) {
  const { spec, view } = scene;
  const wanted = spec.lines.filter((line) => line.role !== "running" || view.running);
  return linesOf(scene, wanted, isLog(scene));
}

/**
 * @param {Scene} scene
 * @param {import("../types").Line[]} lines
 * @param {boolean} log
 */
function linesOf({ series, view, ends, clock }, lines, log) {
  return lines.flatMap((line) => {
    const buckets = series.get(line.series);
    return buckets ? [place(line, buckets, view, { ends, clock }, log)] : [];
  });
}

/**
 * Marks of what was told, as a line without any point; on the large chart alone.
 * @param {Scene} scene
 * @returns {Placed}
 */
function toldLine(scene) {
  const { spec, view, told } = scene;
  const [from, to] = xRange(scene);
  const toPlace = across(view.x, scene);
  const marks = told.map((each) => ({ ...each, x: toPlace(each.step), kind: /** @type {const} */ ("told") }));
  const seen = spec.big ? marks.filter(({ x }) => x >= from && x <= to) : [];
  const line = /** @type {const} */ ({ series: "told", role: "train", label: "Alerts" });
  return { line, x: [], y: [], min: [], max: [], n: [], from: [], to: [], marks: seen };
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
    shapes: [...strips.shapes, ...epochShapes(scene), ...attemptShapes(scene), ...failureShapes(scene, xRange(scene))],
    annotations: [...epochLabels(scene), ...attemptLabels(scene), ...failureLabel(scene, xRange(scene), strips.domain[1])],
  };
}

/** @param {Placed} placed */
function isEmpty({ x, marks }) {
  return !x.length && !marks.length;
}

/**
 * In a chart without any value, or zoomed to where it has none.
 * @param {Palette} palette
 */
function nothing(palette) {
  const place = { x: 0.5, y: 0.5, xref: "paper", yref: "paper", showarrow: false };
  return { ...place, text: "No values here", font: { size: 12, color: palette.mut } };
}

/** @param {Scene} scene */
export function xAxis(scene) {
  const { palette, size } = scene;
  const nticks = Math.max(3, Math.round(size.width / 95));
  return {
    ...units(scene, nticks),
    range: xRange(scene),
    nticks,
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
  };
}

/** From a distance of ticks in milliseconds on: how they are written. */
const CLOCK_FORMATS = [
  { dtickrange: [null, 1000], value: "%H:%M:%S.%L" },
  { dtickrange: [1000, 60_000], value: "%H:%M:%S" },
  { dtickrange: [60_000, 86_400_000], value: "%H:%M" },
  { dtickrange: [86_400_000, null], value: "%-d %b" },
];

/**
 * What the horizontal axis counts, and how that is written.
 * @param {Scene} scene
 * @param {number} ticks
 */
function units(scene, ticks) {
  const x = countable(scene.view.x, scene);
  if (x === "step") return stepUnits(xRange(scene), ticks);
  if (x === "epoch") return unitsOf("~g", ".2f", "epoch %{x:.2f}");
  if (x === "time")
    return { ...unitsOf("", "%-d %b %H:%M:%S", "%{x|%-d %b %H:%M:%S}"), type: "date", tickformatstops: CLOCK_FORMATS };
  const [, unit] = unitOf(scene.clock);
  return { ...unitsOf("~g", ".2f", `%{x:.2f} ${unit} after the first step`), ticksuffix: ` ${unit}` };
}

/**
 * @param {[number, number]} range
 * @param {number} ticks
 */
function stepUnits(range, ticks) {
  const few = range[1] - range[0] <= ticks; // no half steps between whole ones
  return { ...unitsOf(",d", ",.0f", "step %{x:,.0f}"), ...(few ? { dtick: 1 } : {}) };
}

/**
 * @param {string} tickformat
 * @param {string} hoverformat
 * @param {string} text
 */
function unitsOf(tickformat, hoverformat, text) {
  return { type: "linear", tickformat, hoverformat, unifiedhovertitle: { text } };
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
