/**
 * A chart as a file: a picture, or its numbers.
 * @module
 */

import { get } from "../api.js";
import { bucketsCsv, pointsCsv } from "../charts/csv.js";
import { picture } from "../charts/picture.js";
import { byEpoch } from "../charts/place.js";
import { el } from "../dom.js";
import { integer } from "../format.js";

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("../types").Line} Line */
/** @typedef {"png" | "svg" | "csv"} Format */

const PAGE = 50_000;
/** Beyond so many points a browser is the wrong place to put a file together. */
const MOST_POINTS = 500_000;
const BUCKETS = 10_000;
const SHARPNESS = 2;
const KEPT_MS = 10_000;

/**
 * The files that a chart can be had as, with what to say of each.
 * @param {Panel} panel
 * @returns {[Format, string][]}
 */
export function formats(panel) {
  const points = pointsOf(panel);
  const csv = points > MOST_POINTS ? `CSV in buckets, of ${integer(points)} points` : "CSV, every point";
  return [
    ["png", "PNG picture"],
    ["svg", "SVG picture"],
    ["csv", csv],
  ];
}

/**
 * Make the file and hand it to the browser.
 * @param {Panel} panel
 * @param {Format} format
 */
export async function download(panel, format) {
  if (format === "csv") return downloadCsv(panel);
  if (!panel.loaded) await panel.load();
  const figure = picture(panel.scene(), `${panel.host.name()}: ${panel.spec.title}`);
  const scale = format === "png" ? SHARPNESS : 1;
  save(await Plotly.toImage(figure, { format, scale }), `${fileName(panel)}.${format}`);
}

/** @param {Panel} panel */
async function downloadCsv(panel) {
  const whole = pointsOf(panel) <= MOST_POINTS;
  const { lines } = panel.spec;
  const text = whole
    ? pointsCsv(await Promise.all(lines.map((line) => points(panel, line))))
    : bucketsCsv(await Promise.all(lines.map((line) => overview(panel, line))));
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  save(url, `${fileName(panel)}-${whole ? "points" : "buckets"}.csv`);
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/**
 * How many points are in view, at most.
 * @param {Panel} panel
 */
function pointsOf({ spec, host: { series, view } }) {
  const names = new Set(spec.lines.map((line) => line.series));
  const most = view.range ? Math.ceil(view.range[1] - view.range[0]) + 1 : Infinity;
  const shown = series.infos.filter((info) => names.has(info.name));
  return shown.reduce((sum, info) => sum + Math.min(info.n, most), 0);
}

/**
 * The exact points in view, a page at a time.
 * @param {Panel} panel
 * @param {Line} line
 */
async function points({ host: { series, view } }, line) {
  /** @type {{name: string, steps: number[], values: import("../types").Num[]}} */
  const found = { name: line.series, steps: [], values: [] };
  const query = { name: line.series, limit: PAGE, ...windowOf(line, view.range, series.ends) };
  for (let cursor = null, more = true; more; more = cursor !== null) {
    const page = await get(`${series.path}/points`, { ...query, cursor });
    found.steps = found.steps.concat(page.steps);
    found.values = found.values.concat(page.values);
    cursor = page.next;
  }
  return found;
}

/**
 * @param {Panel} panel
 * @param {Line} line
 */
async function overview({ host: { series, view } }, line) {
  const query = { name: line.series, buckets: BUCKETS, ...windowOf(line, view.range, series.ends) };
  return { name: line.series, overview: await get(`${series.path}/overview`, query) };
}

/**
 * The steps in view; of a series over epochs, the epochs that end in view.
 * @param {Line} line
 * @param {[number, number] | null} range
 * @param {number[]} ends last step of each epoch
 */
function windowOf(line, range, ends) {
  if (!range) return {};
  const [from, to] = [Math.floor(range[0]), Math.ceil(range[1])];
  if (!byEpoch(line) || !ends.length) return { from, to };
  const inside = (/** @type {number} */ end) => end >= from && end <= to;
  const [first, last] = [ends.findIndex(inside), ends.findLastIndex(inside)];
  return first < 0 ? { from: ends.length, to: ends.length } : { from: first, to: last };
}

/** @param {Panel} panel */
function fileName({ spec, host }) {
  return `${host.name()}-${spec.title}`.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "").slice(0, 120);
}

/**
 * @param {string} href
 * @param {string} name
 */
function save(href, name) {
  el("a", { href, download: name }).click();
}
