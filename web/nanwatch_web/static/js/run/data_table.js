/**
 * A chart's data as a table, for those who read rather than see.
 * @module
 */

import { dataTable } from "../data_table.js";
import { fill } from "../dom.js";

/** @typedef {import("./panel.js").Panel} Panel */

/**
 * Show the data that the chart holds now, or hide them again.
 * @param {Panel} panel
 */
export async function toggleTable(panel) {
  panel.table.hidden = !panel.table.hidden;
  if (panel.table.hidden) return;
  if (!panel.loaded) await panel.load();
  fill(panel.table, dataTable(panel.spec.lines, panel.scene().series));
  panel.table.focus();
}
