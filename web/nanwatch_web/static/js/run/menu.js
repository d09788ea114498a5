/**
 * The small menu of a chart: what it can be had as.
 * @module
 */

import { el, icon } from "../dom.js";
import { dropDown } from "../menu.js";
import { toggleTable } from "./data_table.js";
import { download, formats } from "./downloads.js";

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
  const files = formats(panel).map(([format, said]) => item(said, () => download(panel, format)));
  return [...files, item(reading, () => toggleTable(panel))];
}
