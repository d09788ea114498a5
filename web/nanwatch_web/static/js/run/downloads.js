/**
 * A chart of a run as a file: a picture, or its numbers.
 * @module
 */

import { MOST_POINTS } from "../chart_menu.js";
import { bucketsCsv, pointsCsv } from "../charts/csv.js";
import { sourceOf } from "../charts/pace.js";
import { picture } from "../charts/picture.js";
import { byEpoch } from "../charts/place.js";
import { exactPoints, manyBuckets, saveCsv, savePicture } from "../files.js";
import { pointsOf } from "./extent.js";

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("../types").Line} Line */

/**
 * Make the picture of what is seen and hand it to the browser.
 * @param {Panel} panel
 * @param {import("../chart_menu.js").PictureFormat} format
 */
export async function downloadPicture(panel, format) {
  if (!panel.loaded) await panel.load();
  const heat = panel.heat ? await import("../charts/heat.js") : null;
  const how = heat ? { figureOf: heat.heatFigure, height: heat.heatHeight(panel.spec.lines.length) } : {};
  await savePicture(picture(panel.scene(), titleOf(panel), how), format, nameOf(panel));
}

/** @param {Panel} panel */
export async function downloadCsv(panel) {
  const whole = pointsOf(panel) <= MOST_POINTS;
  const { path, ends } = panel.host.series;
  const windows = panel.spec.lines.map((line) => /** @type {const} */ ([sourceOf(line.series), windowOf(line, panel.host.view.range, ends)]));
  const text = whole
    ? pointsCsv(await Promise.all(windows.map(([name, window]) => exactPoints(path, name, window))))
    : bucketsCsv(await Promise.all(windows.map(([name, window]) => manyBuckets(path, name, window))));
  saveCsv(text, `${nameOf(panel)}-${whole ? "points" : "buckets"}`);
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
function titleOf({ spec, host }) {
  return `${host.name()}: ${spec.title}`;
}

/** @param {Panel} panel */
function nameOf({ spec, host }) {
  return `${host.name()}-${spec.title}`;
}
