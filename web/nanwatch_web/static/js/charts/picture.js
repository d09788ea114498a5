/**
 * A chart as a picture that stands alone: with its title, its legend and a name below its axis. Pure.
 * @module
 */

import { countable } from "./axis.js";
import { figure } from "./figure.js";
import { plainText } from "./traces.js";

/** @typedef {import("../types").Figure} Figure */
/** @typedef {import("../types").Palette} Palette */
/** @typedef {import("./figure.js").Scene} Scene */

/** @type {Record<import("../types").Across, string>} */
const BELOW = { step: "step", epoch: "epoch", time: "time of day", relative: "time since the first step" };
export const SIZE = { width: 1000, height: 420 };
const HEAD_PX = 58;
const FOOT_PX = 22;
const MOST_NAMES = 10;
const FONT = "Arial, Helvetica, sans-serif";

/**
 * The figure that Plotly makes a picture of.
 * @param {Scene} scene
 * @param {string} title
 * @param {{figureOf?: (scene: Scene) => Pick<Figure, "data" | "layout">, height?: number}} [how] it is drawn; as
 *   curves where that is not said
 */
export function picture(scene, title, { figureOf = figure, height = SIZE.height } = {}) {
  const size = { ...SIZE, height };
  const drawn = figureOf({ ...scene, size, palette: standing(scene.palette) });
  return framed(drawn, { title, below: BELOW[countable(scene.view.x, scene)], size, palette: scene.palette });
}

/**
 * A palette whose typeface every machine has: a picture carries none with it.
 * @param {Palette} palette
 * @returns {Palette}
 */
export function standing(palette) {
  return { ...palette, font: FONT };
}

/**
 * A figure with a title, a legend and a name below its axis.
 * @param {Pick<Figure, "data" | "layout">} figure
 * @param {{title: string, below: string, size?: {width: number, height: number}, palette: Palette}} frame with the size
 *   that the figure was made for
 */
export function framed({ data, layout }, { title, below, size = SIZE, palette }) {
  const margin = /** @type {{t: number, b: number}} */ (layout.margin);
  const named = namedOnce(data);
  const words = { text: plainText(title), font: { size: 15, color: palette.ink } };
  const place = { x: 0, xref: "paper", xanchor: "left", y: 1, yref: "container", yanchor: "top" };
  return {
    data: named,
    layout: {
      ...layout,
      width: size.width,
      height: size.height + HEAD_PX + FOOT_PX,
      margin: { ...margin, t: margin.t + HEAD_PX, b: margin.b + FOOT_PX },
      title: { ...words, ...place, pad: { t: 12 } },
      showlegend: named.filter((trace) => trace.showlegend).length <= MOST_NAMES,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom", font: { color: palette.mut } },
      xaxis: { .../** @type {object} */ (layout.xaxis), title: { text: below, standoff: 6, font: { size: 12 } } },
    },
  };
}

/**
 * Lines and marks of one name stand in the legend once; maps have a scale of their own.
 * @param {Record<string, unknown>[]} data
 */
function namedOnce(data) {
  const names = data.map((trace) => trace.name);
  return data.map((trace, i) => ({ ...trace, showlegend: trace.type !== "heatmap" && names.indexOf(trace.name) === i }));
}
