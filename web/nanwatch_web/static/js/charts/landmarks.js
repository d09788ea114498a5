/**
 * What stands behind the curves: epoch boundaries and the failure. Pure.
 * @module
 */

import { integer } from "../format.js";
import { across } from "./axis.js";
import { boundaries, placeOf } from "./epochs.js";

/** @typedef {import("../types").Failure} Failure */
/** @typedef {import("./figure.js").Scene} Scene */

const EPOCH_LABEL_PX = 58;
const BOUNDARY_PX = 26;
/** Share of the height between the plot's upper edge and the label. */
const LABEL_BELOW = 0.14;
const LABEL_ASIDE_PX = 22;
const LABEL_PX = 190;

/**
 * Dotted lines where epochs end, thinned when they stand too close.
 * @param {Scene} scene
 */
export function epochShapes(scene) {
  const most = Math.floor(scene.size.width / BOUNDARY_PX);
  const toPlace = across(scene.view.x, scene);
  return boundaries(scene.ends, stepRange(scene), most).map(({ step }) => {
    const x = toPlace(step);
    const line = { color: scene.palette.line, width: 1, dash: "dot" };
    return { ...upright("line", x, x), line, layer: "below" };
  });
}

/**
 * The epochs' numbers along the foot of the large chart, when there is room.
 * @param {Scene} scene
 */
export function epochLabels(scene) {
  if (!scene.spec.big || scene.view.x === "epoch") return [];
  const most = Math.floor(scene.size.width / EPOCH_LABEL_PX);
  const seen = boundaries(scene.ends, stepRange(scene), Infinity);
  if (seen.length > most) return [];
  const toPlace = across(scene.view.x, scene);
  return seen.map(({ step, epoch }) => ({
    x: toPlace(step),
    y: 0,
    yref: "paper",
    xanchor: "right",
    yanchor: "bottom",
    xshift: -2,
    showarrow: false,
    text: `epoch ${epoch}`,
    font: { size: 10, color: scene.palette.mut },
  }));
}

/**
 * A line at the failure, and a band behind everything after it when the run never came back.
 * @param {Scene} scene
 * @param {[number, number]} window in the axis' own unit
 */
export function failureShapes(scene, window) {
  const { failure, palette } = scene;
  if (!failure) return [];
  const x = across(scene.view.x, scene)(failure.step);
  const end = Math.max(window[1], x);
  const line = { ...upright("line", x, x), name: "failure", line: { color: palette.bad, width: 1.5 } };
  const look = { fillcolor: palette.band, line: { width: 0 }, layer: "below" };
  const band = { ...upright("rect", x, end), name: "failure band", ...look };
  return failure.lasting ? [band, line] : [line];
}

/**
 * What failed, and where, beside the line; only on the large chart.
 * @param {Scene} scene
 * @param {[number, number]} window in the axis' own unit
 * @param {number} top upper edge of the plot below its rails, as a share
 */
export function failureLabel(scene, window, top) {
  const { failure, palette } = scene;
  const [from, to] = window;
  if (!failure || !scene.spec.big) return [];
  const x = across(scene.view.x, scene)(failure.step);
  if (x < from || x > to) return [];
  // Behind a failure that lasted the plot is empty, so the label hides nothing there.
  const behind = (to - x) / (to - from);
  const fits = behind * scene.size.width > LABEL_PX;
  const side = fits && (failure.lasting || behind > 0.6) ? "left" : "right";
  const arrow = { showarrow: true, arrowhead: 0, arrowwidth: 1, arrowcolor: palette.bad, ay: 0 };
  const box = { bgcolor: palette.card, bordercolor: palette.bad, borderwidth: 1, borderpad: 5 };
  return [
    {
      name: "failure",
      text: failureText(failure, scene.ends),
      font: { size: 12, color: palette.bad },
      x,
      y: top - LABEL_BELOW,
      yref: "paper",
      align: side,
      xanchor: side,
      ax: side === "left" ? LABEL_ASIDE_PX : -LABEL_ASIDE_PX,
      ...arrow,
      ...box,
      captureevents: true,
    },
  ];
}

/**
 * A shape over the whole height, rails included.
 * @param {"line" | "rect"} type
 * @param {number} x0
 * @param {number} x1
 */
function upright(type, x0, x1) {
  return { type, x0, x1, y0: 0, y1: 1, yref: "paper" };
}

/**
 * @param {Failure} failure
 * @param {number[]} ends
 */
function failureText(failure, ends) {
  const place = placeOf(failure.step, ends);
  const head = `<b>${failure.label}</b>`;
  return place ? `${head}<br>epoch ${place.epoch}, batch ${integer(place.batch)}` : head;
}

/**
 * @param {Scene} scene
 * @returns {[number, number]}
 */
function stepRange({ view, extent }) {
  return view.range ?? extent;
}
