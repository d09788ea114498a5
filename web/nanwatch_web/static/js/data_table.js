/**
 * The curves of a chart as a table.
 * @module
 */

import { HEADS, rowsOf } from "./charts/rows.js";
import { el } from "./dom.js";

/**
 * @param {import("./types").Line[]} lines
 * @param {Map<string, import("./types").Buckets>} series by what the lines call them
 */
export function dataTable(lines, series) {
  const heads = HEADS.map((words) => el("th", { scope: "col" }, words));
  const rows = rowsOf(lines, series).map(([line, ...values]) =>
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
