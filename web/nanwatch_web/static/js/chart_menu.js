/**
 * The menu of any chart: as a picture, as numbers, as a table.
 * @module
 */

import { el, icon } from "./dom.js";
import { integer } from "./format.js";
import { dropDown } from "./menu.js";

/** @typedef {"png" | "svg"} PictureFormat */
/**
 * @typedef {object} Chart what the menu needs of a chart
 * @property {() => number} points how many are in view, at most
 * @property {() => boolean} isTable whether its table is shown now
 * @property {(format: PictureFormat) => Promise<void>} picture
 * @property {() => Promise<void>} csv
 * @property {() => Promise<void>} table shows or hides it
 * @property {(error: unknown) => void} onError
 */

/** Beyond so many points a browser is the wrong place to put a file together. */
export const MOST_POINTS = 500_000;
const ARROW = ["M8 2.500v7.500m-3-3l3 3 3-3", "M3 13.500h10"];

/**
 * @param {string} title of the chart
 * @param {Chart} chart
 */
export function chartMenu(title, chart) {
  const words = el("span", { class: "vh" }, `Download ${title}, or read it as a table`);
  const props = { class: "menu", title: "Download, or read as a table" };
  return dropDown([icon("0 0 16 16", ...ARROW), words], props, () => choices(chart));
}

/**
 * @param {Chart} chart
 * @returns {import("./menu.js").Choice[]}
 */
function choices(chart) {
  const item = (/** @type {string} */ words, /** @type {() => Promise<void>} */ doing) => ({
    words,
    act: () => void doing().catch(chart.onError),
  });
  return [
    item("PNG picture", () => chart.picture("png")),
    item("SVG picture", () => chart.picture("svg")),
    item(csvWords(chart.points()), () => chart.csv()),
    item(chart.isTable() ? "Hide table" : "Show as table", () => chart.table()),
  ];
}

/** @param {number} points */
function csvWords(points) {
  return points > MOST_POINTS ? `CSV in buckets, of ${integer(points)} points` : "CSV, every point";
}
