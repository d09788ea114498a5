/**
 * Charts as files: a picture, or a text, that the browser keeps.
 * @module
 */

import { get } from "./api.js";
import { el } from "./dom.js";

/** @typedef {import("./chart_menu.js").PictureFormat} PictureFormat */
/** @typedef {{from?: number, to?: number}} Window steps, inclusive */

const PAGE = 50_000;
const BUCKETS = 10_000;
const SHARPNESS = 2;
const KEPT_MS = 10_000;
const MOST_LETTERS = 120;

/**
 * @param {{data: unknown[], layout: object}} figure
 * @param {PictureFormat} format
 * @param {string} name without its ending
 */
export async function savePicture(figure, format, name) {
  const scale = format === "png" ? SHARPNESS : 1;
  save(await Plotly.toImage(figure, { format, scale }), `${fileName(name)}.${format}`);
}

/**
 * @param {string} text
 * @param {string} name without its ending
 */
export function saveCsv(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  save(url, `${fileName(name)}.csv`);
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/**
 * The exact points of a series, a page at a time.
 * @param {string} path of the run
 * @param {string} name
 * @param {Window} window
 */
export async function exactPoints(path, name, window) {
  /** @type {{name: string, steps: number[], values: import("./types").Num[]}} */
  const found = { name, steps: [], values: [] };
  const query = { name, limit: PAGE, ...window };
  for (let cursor = null, more = true; more; more = cursor !== null) {
    const page = await get(`${path}/points`, { ...query, cursor });
    found.steps = found.steps.concat(page.steps);
    found.values = found.values.concat(page.values);
    cursor = page.next;
  }
  return found;
}

/**
 * A series in as many buckets as a file may have.
 * @param {string} path of the run
 * @param {string} name
 * @param {Window} window
 */
export async function manyBuckets(path, name, window) {
  return { name, overview: await get(`${path}/overview`, { name, buckets: BUCKETS, ...window }) };
}

/** @param {string} words */
function fileName(words) {
  return words.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "").slice(0, MOST_LETTERS);
}

/**
 * @param {string} href
 * @param {string} name
 */
function save(href, name) {
  el("a", { href, download: name }).click();
}
