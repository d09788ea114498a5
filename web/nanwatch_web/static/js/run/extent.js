/**
 * How much of a chart is in view.
 * @module
 */

import { sourceOf } from "../charts/pace.js";

/**
 * How many points are in view, at most.
 * @param {import("./panel.js").Panel} panel
 */
export function pointsOf({ spec, host: { series, view } }) {
  const names = new Set(spec.lines.map((line) => sourceOf(line.series)));
  const most = view.range ? Math.ceil(view.range[1] - view.range[0]) + 1 : Infinity;
  const shown = series.infos.filter((info) => names.has(info.name));
  return shown.reduce((sum, info) => sum + Math.min(info.n, most), 0);
}
