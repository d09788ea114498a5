/**
 * A chart as a file: a picture, or its numbers.
 * @module
 */

import { get } from "../api.js";
import { bucketsCsv, pointsCsv } from "../charts/csv.js";
import { picture } from "../charts/picture.js";
import { byEpoch } from "../charts/place.js";
import { el } from "../dom.js";
import { MOST_POINTS, pointsOf } from "./extent.js";

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("../types").Line} Line */
/** @typedef {"png" | "svg" | "csv"} Format */

const PAGE = 50_000;
const BUCKETS = 10_000;
const SHARPNESS = 2;
const KEPT_MS = 10_000;

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
