/**
 * A curve as Plotly takes it: the loss above, its gradient below. Pure.
 * @module
 */

import { linearTicks, yRange } from "../charts/scale.js";
import { number } from "../format.js";

/** @typedef {import("../types").Palette} Palette */
/** @typedef {import("./curve.js").Curve} Curve */

const MARGIN = { l: 58, r: 12, t: 8, b: 42 };
/** @type {["loss" | "gradient", string, [number, number]][]} what is drawn, on which axis, in which part */
const PARTS = [
  ["loss", "y", [0.54, 1]],
  ["gradient", "y2", [0, 0.46]],
];

/**
 * @param {Curve} curve
 * @param {string} place of the prediction, such as y_pred[0][0]
 * @param {Palette} palette
 */
export function curveFigure(curve, place, palette) {
  const font = { family: palette.font, size: 11.5, color: palette.mut };
  const axes = PARTS.map(([name, axis, domain]) => [
    axis.replace("y", "yaxis"),
    yAxis(curve[name], domain, name, palette),
  ]);
  return {
    data: PARTS.flatMap(([name, axis]) => traces(curve, name, axis, palette)),
    layout: {
      paper_bgcolor: palette.card,
      plot_bgcolor: palette.card,
      font,
      margin: MARGIN,
      showlegend: false,
      hovermode: "x",
      hoverlabel: { bgcolor: palette.card, bordercolor: palette.line, font: { ...font, color: palette.ink } },
      xaxis: xAxis(curve, place, palette),
      ...Object.fromEntries(axes),
      shapes: PARTS.flatMap(([name, , domain]) =>
        holes(curve, name).map((hole) => band(hole, domain, palette)),
      ),
      annotations: PARTS.flatMap(([name, , domain]) =>
        holes(curve, name).map((hole) => bandLabel(hole, domain, palette)),
      ),
    },
  };
}

/**
 * The curve in words, for those who do not see it.
 * @param {Curve} curve
 * @param {string} place
 */
export function curveWords({ x, now, ...curve }, place) {
  const ends = [x[0], x[x.length - 1]].map((value) => number(value));
  const broken = PARTS.map(([name]) => [name, holes({ x, now, ...curve }, name)])
    .filter(([, found]) => found.length)
    .map(([name]) => `The ${name} is not finite in places.`);
  const here = `At ${number(now.x)} the loss is ${number(now.loss)} and the gradient ${number(now.gradient)}.`;
  return [`Loss and gradient for ${place} from ${ends.join(" to ")}.`, here, ...broken].join(" ");
}

/**
 * @param {Curve} curve
 * @param {"loss" | "gradient"} name
 * @param {string} yaxis
 * @param {Palette} palette
 */
function traces({ x, now, ...curve }, name, yaxis, palette) {
  const color = name === "loss" ? palette.train : palette.val;
  const y = curve[name].map((value) => (Number.isFinite(value) ? value : null));
  const hovertemplate = `${name} %{y:.5~g}<extra></extra>`;
  const line = { x, y, yaxis, name, mode: "lines", line: { color, width: 2 }, hovertemplate };
  const point = { x: [now.x], y: [now[name]], yaxis, name: "now", mode: "markers", hoverinfo: "skip" };
  const marker = { size: 10, color: palette.card, line: { color, width: 2.5 } };
  return Number.isFinite(now[name]) ? [line, { ...point, marker }] : [line];
}

/**
 * @param {Curve} curve
 * @param {string} place
 * @param {Palette} palette
 */
function xAxis({ x }, place, palette) {
  return {
    range: [x[0], x[x.length - 1]],
    title: { text: place, standoff: 6 },
    anchor: "y2",
    fixedrange: true,
    gridcolor: palette.grid,
    linecolor: palette.line,
    zeroline: false,
    showspikes: true,
    spikemode: "across",
    spikethickness: 1,
    spikedash: "solid",
    spikecolor: palette.mut,
    hoverformat: ".4~g",
  };
}

/**
 * @param {number[]} values
 * @param {[number, number]} domain
 * @param {string} title
 * @param {Palette} palette
 */
function yAxis(values, domain, title, palette) {
  const range = rangeOf(values);
  return {
    domain,
    range,
    title: { text: title, standoff: 4 },
    automargin: true,
    fixedrange: true,
    gridcolor: palette.grid,
    linecolor: palette.line,
    zeroline: range[0] < 0 && range[1] > 0,
    zerolinecolor: palette.line,
    tickmode: "array",
    ...linearTicks(range),
  };
}

/**
 * Where most of a curve lies: the steep end of a logarithm would flatten all the rest.
 * @param {number[]} values
 * @returns {[number, number]}
 */
function rangeOf(values) {
  const y = values.map((value) => (Number.isFinite(value) ? value : null));
  const [low, high] = yRange([/** @type {any} */ ({ min: y, max: y })], false, true);
  const pad = 0.04 * (high - low);
  return [low - pad, high + pad];
}

/**
 * The stretches in which a curve has no finite value, with the word for it.
 * @param {Curve} curve
 * @param {"loss" | "gradient"} name
 * @returns {{from: number, to: number, word: string}[]}
 */
function holes({ x, ...curve }, name) {
  /** @type {{from: number, to: number, word: string}[]} */
  const found = [];
  let open = false;
  curve[name].forEach((value, i) => {
    const finite = Number.isFinite(value);
    const word = number(value);
    if (!finite && open && found[found.length - 1].word === word) found[found.length - 1].to = x[i];
    else if (!finite) found.push({ from: x[i], to: x[i], word });
    open = !finite;
  });
  return found;
}

/**
 * @param {{from: number, to: number}} hole
 * @param {[number, number]} domain
 * @param {Palette} palette
 */
function band({ from, to }, [y0, y1], palette) {
  const line = { color: palette.bad, width: from === to ? 1.5 : 0 };
  return {
    type: "rect",
    xref: "x",
    yref: "paper",
    x0: from,
    x1: to,
    y0,
    y1,
    fillcolor: palette.band,
    line,
    layer: "below",
  };
}

/**
 * @param {{from: number, to: number, word: string}} hole
 * @param {[number, number]} domain
 * @param {Palette} palette
 */
function bandLabel({ from, to, word }, [, top], palette) {
  return {
    x: (from + to) / 2,
    y: top - 0.01,
    xref: "x",
    yref: "paper",
    yanchor: "top",
    text: word,
    showarrow: false,
    font: { color: palette.bad, size: 12 },
  };
}
