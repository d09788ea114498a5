/**
 * What the lines of a chart stand for.
 * @module
 */

import { el, fill } from "../dom.js";

/** @typedef {import("../types").Line} Line */

/** @type {Record<import("../types").Role, string>} */
const KEYS = {
  train: "k-train",
  running: "k-running",
  epoch: "k-epoch",
  val: "k-val",
  part: "k-part",
  edge: "k-edge",
  spread: "k-spread",
};

/**
 * @param {HTMLElement} list
 * @param {import("../types").ChartSpec} spec
 * @param {Pick<import("../charts/figure.js").Scene, "view" | "series" | "earlier">} scene
 * @param {boolean} heat whether the chart is a heat map
 */
export function showLegend(list, spec, { view, series, earlier }, heat) {
  const lines = spec.lines.filter((line) => line.role !== "running" || view.running);
  const bad = [...series.values()].some((each) => each.nonfinite.length);
  const band = spec.big && view.band && lines.some((line) => line.role === "train");
  const again = !heat && [...(earlier?.values() ?? [])].some(({ buckets }) => buckets.size);
  fill(
    list,
    ...(spec.big || lines.length > 1 ? items(lines, heat) : []),
    band && el("li", { class: "k-band" }, "min–max"),
    again && el("li", { class: "k-earlier" }, "earlier attempts"),
    bad && el("li", { class: heat ? "k-bad" : "k-nan" }, "non-finite"),
  );
}

/**
 * Layers are told by their ends, and the measures of an array by their name.
 * @param {Line[]} lines
 * @param {boolean} heat
 */
function items(lines, heat) {
  if (heat) return [];
  if (lines[0].role === "part")
    return [el("li", { class: "k-first" }, "first layer"), el("li", { class: "k-part" }, "last")];
  return lines.map((line) => el("li", { class: KEYS[line.role] }, line.label));
}
