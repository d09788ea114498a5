/**
 * Layers over steps as a heat map: a row a layer, colour by order of magnitude, red what is not finite.
 * Pure.
 * @module
 */

import { number } from "../format.js";
import { across } from "./axis.js";
import { xAxis, xRange } from "./figure.js";
import { failureShapes } from "./landmarks.js";
import { logTicks } from "./scale.js";
import { plainText } from "./traces.js";

/** @typedef {import("./figure.js").Scene} Scene */
/** @typedef {import("../types").Buckets} Buckets */
/** @typedef {(number | null)[]} Cells */
/** @typedef {{heat: Cells, bad: Cells}} Row heat in powers of ten, and 1 where something is not finite */

const CELL_PX = 4;
const MOST_COLUMNS = 160;
const LABEL_PX = 11;
const LETTER_PX = 6.4;
const MOST_LETTERS = 20;
const ROW_PX = 13;
const HEIGHTS = [208, 640];
const MARGIN = { r: 58, t: 6, b: 28 };

/**
 * How high a map of so many rows is, in pixels.
 * @param {number} rows
 */
export function heatHeight(rows) {
  return Math.min(HEIGHTS[1], Math.max(HEIGHTS[0], rows * ROW_PX + MARGIN.t + MARGIN.b));
}

/**
 * The figure of a scene.
 * @param {Scene} scene
 * @returns {import("../types").Figure}
 */
export function heatFigure(scene) {
  const { palette, spec } = scene;
  const columns = columnsOf(scene);
  const rows = spec.lines.map((line) => rowOf(scene.series.get(line.series), columns));
  const toPlace = across(scene.view.x, scene);
  const middle = Array.from({ length: columns.n }, (_, i) => toPlace(columns.from + (i + 0.5) * columns.width));
  const place = { type: "heatmap", x: middle, y: rows.map((_, i) => i), hoverongaps: false };
  const names = spec.lines.map((line) => plainText(line.label));
  return {
    data: [
      { ...place, name: "heat", ...heatOf(rows, names, palette) },
      { ...place, name: "not finite", ...badOf(rows, names, palette) },
    ],
    layout: layoutOf(scene, names),
    hidden: null,
  };
}

/** @typedef {{from: number, width: number, n: number}} Columns of so many steps each */

/**
 * @param {Scene} scene
 * @returns {Columns}
 */
function columnsOf({ view, extent, size }) {
  const [from, to] = view.range ?? extent;
  const steps = Math.max(1, Math.floor(to) - Math.ceil(from) + 1);
  const n = Math.max(1, Math.min(MOST_COLUMNS, Math.floor(size.width / CELL_PX), steps));
  return { from: Math.ceil(from), width: steps / n, n };
}

/**
 * A layer's cells. What was seen at a step holds until the next look.
 * @param {Buckets | undefined} buckets
 * @param {Columns} columns
 * @returns {Row}
 */
export function rowOf(buckets, columns) {
  const heat = /** @type {Cells} */ (Array(columns.n).fill(null));
  const bad = /** @type {Cells} */ (Array(columns.n).fill(null));
  buckets?.from.forEach((_, i) => {
    const [first, last] = span(buckets, i, columns);
    const power = powerOf(buckets.max[i]);
    for (let at = Math.max(0, first); at <= Math.min(columns.n - 1, last); at += 1) {
      if (power !== null) heat[at] = Math.max(power, heat[at] ?? -Infinity);
      if (buckets.mean[i] === null) bad[at] = 1;
    }
  });
  for (const { step } of buckets?.nonfinite ?? []) {
    const at = columnOf(step, columns);
    if (at >= 0 && at < columns.n) bad[at] = 1;
  }
  return { heat, bad };
}

/**
 * The first and the last column of a bucket.
 * @param {Buckets} buckets
 * @param {number} i
 * @param {Columns} columns
 */
function span({ from, to }, i, columns) {
  const wide = i > 0 ? from[i] - from[i - 1] : 1;
  const next = from[i + 1] ?? Math.max(to[i] + 1, from[i] + wide);
  const first = columnOf(from[i], columns);
  return [first, Math.max(first, Math.ceil((next - columns.from) / columns.width) - 1)];
}

/**
 * @param {number} step
 * @param {Columns} columns
 */
function columnOf(step, { from, width }) {
  return Math.floor((step - from) / width);
}

/** @param {number | null} value */
function powerOf(value) {
  return value !== null && value > 0 ? Math.log10(value) : null;
}

/**
 * @param {Row[]} rows
 * @param {string[]} names
 * @param {import("../types").Palette} palette
 */
function heatOf(rows, names, palette) {
  const powers = rows.flatMap(({ heat }) => heat).filter((power) => power !== null);
  const low = powers.reduce((a, b) => Math.min(a, b), Infinity);
  const high = powers.reduce((a, b) => Math.max(a, b), -Infinity);
  const range = /** @type {[number, number]} */ (powers.length ? [low, Math.max(high, low + 1)] : [0, 1]);
  const { tickvals, ticktext } = logTicks(range);
  const said = (/** @type {number | null} */ power) => (power === null ? "" : number(10 ** power, 3));
  return {
    z: rows.map(({ heat }) => heat),
    text: rows.map(({ heat }, i) => heat.map((power) => `${names[i]}: ${said(power)}`)),
    hovertemplate: "%{text}<extra></extra>",
    zmin: range[0],
    zmax: range[1],
    colorscale: palette.parts.map((color, i) => [i / (palette.parts.length - 1), color]),
    colorbar: {
      thickness: 8,
      outlinewidth: 0,
      xpad: 6,
      ypad: 0,
      tickfont: { color: palette.mut },
      tickvals: tickvals.map(Math.log10),
      ticktext,
    },
  };
}

/**
 * @param {Row[]} rows
 * @param {string[]} names
 * @param {import("../types").Palette} palette
 */
function badOf(rows, names, palette) {
  return {
    z: rows.map(({ bad }) => bad),
    text: rows.map(({ bad }, i) => bad.map(() => names[i])),
    hovertemplate: "%{text}: not finite<extra></extra>",
    colorscale: [
      [0, palette.bad],
      [1, palette.bad],
    ],
    showscale: false,
  };
}

/**
 * @param {Scene} scene
 * @param {string[]} names
 */
function layoutOf(scene, names) {
  const { palette, size } = scene;
  const font = { family: palette.font, size: 11.5, color: palette.mut };
  const words = names.map(shortened);
  const every = Math.ceil((names.length * LABEL_PX) / Math.max(size.height - MARGIN.t - MARGIN.b, 1));
  const shown = names.map((_, i) => i).filter((i) => i % every === 0);
  const longest = words.reduce((most, word) => Math.max(most, word.length), 4);
  return {
    paper_bgcolor: palette.card,
    plot_bgcolor: palette.bg,
    font,
    margin: { ...MARGIN, l: Math.round(longest * LETTER_PX) + 8 },
    showlegend: false,
    hovermode: "closest",
    hoverlabel: { bgcolor: palette.card, bordercolor: palette.line, font: { ...font, color: palette.ink } },
    xaxis: { ...xAxis(scene), showgrid: false },
    yaxis: {
      range: [names.length - 0.5, -0.5],
      fixedrange: true,
      showgrid: false,
      zeroline: false,
      ticks: "outside",
      ticklen: 4,
      tickcolor: palette.card,
      tickfont: { size: 10 },
      tickvals: shown,
      ticktext: shown.map((i) => words[i]),
    },
    shapes: failureShapes(scene, xRange(scene)).filter(({ type }) => type === "line"),
  };
}

/**
 * A long name by its end, which tells layers of a block apart.
 * @param {string} name
 */
function shortened(name) {
  return name.length > MOST_LETTERS ? `…${name.slice(1 - MOST_LETTERS)}` : name;
}
