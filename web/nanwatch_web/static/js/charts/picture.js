/**
 * A chart as a picture that stands alone: with its title, its legend and a name below its axis. Pure.
 * @module
 */

import { countable } from "./axis.js";
import { figure } from "./figure.js";
import { plainText } from "./traces.js";

/** @type {Record<import("../types").Across, string>} */
const BELOW = { step: "step", epoch: "epoch", time: "time of day", relative: "time since the first step" };
const SIZE = { width: 1000, height: 420 };
const HEAD_PX = 58;
const FOOT_PX = 22;
const MOST_NAMES = 10;
/** A picture carries no typeface with it, so one that every machine has measures its words. */
const FONT = "Arial, Helvetica, sans-serif";

/**
 * The figure that Plotly makes a picture of.
 * @param {import("./figure.js").Scene} scene
 * @param {string} title
 */
export function picture(scene, title) {
  const { data, layout } = figure({ ...scene, size: SIZE, palette: { ...scene.palette, font: FONT } });
  const { ink, mut } = scene.palette;
  const below = { text: BELOW[countable(scene.view.x, scene)], standoff: 6, font: { size: 12 } };
  const margin = /** @type {{t: number, b: number}} */ (layout.margin);
  const named = namedOnce(data);
  const words = { text: plainText(title), font: { size: 15, color: ink } };
  const place = { x: 0, xref: "paper", xanchor: "left", y: 1, yref: "container", yanchor: "top" };
  return {
    data: named,
    layout: {
      ...layout,
      width: SIZE.width,
      height: SIZE.height + HEAD_PX + FOOT_PX,
      margin: { ...margin, t: margin.t + HEAD_PX, b: margin.b + FOOT_PX },
      title: { ...words, ...place, pad: { t: 12 } },
      showlegend: named.filter((trace) => trace.showlegend).length <= MOST_NAMES,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom", font: { color: mut } },
      xaxis: { .../** @type {object} */ (layout.xaxis), title: below },
    },
  };
}

/**
 * Lines and marks of one name stand in the legend once.
 * @param {Record<string, unknown>[]} data
 */
function namedOnce(data) {
  const names = data.map((trace) => trace.name);
  return data.map((trace, i) => ({ ...trace, showlegend: names.indexOf(trace.name) === i }));
}
