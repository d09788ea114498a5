/**
 * A chart's data as a table, for those who read rather than see.
 * @module
 */

import { HEADS, rowsOf } from "../charts/rows.js";
import { el, fill } from "../dom.js";

/** @typedef {import("./panel.js").Panel} Panel */

/**
 * Show the data that the chart holds now, or hide them again.
 * @param {Panel} panel
 */
export async function toggleTable(panel) {
  panel.table.hidden = !panel.table.hidden;
  if (panel.table.hidden) return;
  if (!panel.loaded) await panel.load();
  fill(panel.table, table(panel));
  panel.table.focus();
}

/** @param {Panel} panel */
function table(panel) {
  const heads = HEADS.map((words) => el("th", { scope: "col" }, words));
  const rows = rowsOf(panel.spec.lines, panel.scene().series).map(([line, ...values]) =>
    el("tr", {}, el("th", { scope: "row" }, line), ...values.map((value) => el("td", {}, value))),
  );
  return el(
    "table",
    { class: "values" },
    el("caption", { class: "sub" }, "As it was when opened, neighbours put together; the CSV is finer."),
    el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...rows),
  );
}
