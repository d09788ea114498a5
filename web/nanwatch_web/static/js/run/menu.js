/**
 * The small menu of a chart: what it can be had as.
 * @module
 */

import { el, icon } from "../dom.js";
import { integer } from "../format.js";
import { dropDown } from "../menu.js";
import { MOST_POINTS, pointsOf } from "./extent.js";

/** @typedef {import("./panel.js").Panel} Panel */

const ARROW = ["M8 2.500v7.500m-3-3l3 3 3-3", "M3 13.500h10"];

/**
 * The menu in a chart's head.
 * @param {Panel} panel
 */
export function chartMenu(panel) {
  const words = el("span", { class: "vh" }, `Download ${panel.spec.title}, or read it as a table`);
  const props = { class: "menu", title: "Download, or read as a table" };
  return dropDown([icon("0 0 16 16", ...ARROW), words], props, () => choices(panel));
}

/**
 * @param {Panel} panel
 * @returns {import("../menu.js").Choice[]}
 */
function choices(panel) {
  const reading = panel.table.hidden ? "Show as table" : "Hide table";
  const item = (/** @type {string} */ words, /** @type {() => Promise<void>} */ doing) => ({
    words,
    act: () => void doing().catch(panel.host.onError),
  });
  const files = formats(panel).map(([format, said]) =>
    item(said, async () => (await import("./downloads.js")).download(panel, format)),
  );
  return [...files, item(reading, async () => (await import("./data_table.js")).toggleTable(panel))];
}

/**
 * The files that a chart can be had as, with what to say of each.
 * @param {Panel} panel
 * @returns {["png" | "svg" | "csv", string][]}
 */
function formats(panel) {
  const points = pointsOf(panel);
  const csv = points > MOST_POINTS ? `CSV in buckets, of ${integer(points)} points` : "CSV, every point";
  return [
    ["png", "PNG picture"],
    ["svg", "SVG picture"],
    ["csv", csv],
  ];
}
