/**
 * A canvas over a chart. It shows what came since the chart was drawn, which costs next to nothing, and
 * the crosshair that all charts share.
 * @module
 */

import { el } from "../dom.js";

/** @typedef {import("../types").Placed} Placed */
/** @typedef {import("../types").PlotElement} PlotElement */
/** @typedef {{placed: Placed, color: string, width: number}} Stroke a line's new end */

/** The canvas. */
export class Overlay {
  constructor() {
    this.canvas = el("canvas", { class: "overlay", "aria-hidden": true });
    this.empty = true;
  }

  clear() {
    if (this.empty) return;
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.empty = true;
  }

  /**
   * Draw over a chart, by the chart's own mapping from values to pixels.
   * @param {PlotElement} plot
   * @param {Stroke[]} strokes
   * @param {{x: number, color: string} | null} cross
   */
  paint(plot, strokes, cross) {
    const { xaxis, yaxis } = plot._fullLayout;
    const context = this.prepared(plot);
    if (!context) return;
    context.save();
    context.beginPath();
    context.rect(xaxis._offset, yaxis._offset, xaxis._length, yaxis._length);
    context.clip();
    strokes.forEach((stroke) => draw(context, stroke, xaxis, yaxis));
    context.restore();
    if (cross) line(context, xaxis._offset + xaxis.d2p(cross.x), plot.clientHeight, xaxis, cross.color);
    this.empty = false;
  }

  /**
   * The canvas as large as the chart, in the screen's own pixels, and empty.
   * @param {HTMLElement} plot
   */
  prepared(plot) {
    const { canvas } = this;
    const sharp = devicePixelRatio;
    const [width, height] = [Math.round(plot.clientWidth * sharp), Math.round(plot.clientHeight * sharp)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context?.setTransform(sharp, 0, 0, sharp, 0, 0);
    context?.clearRect(0, 0, width, height);
    this.empty = true;
    return context;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke} stroke
 * @param {any} xaxis
 * @param {any} yaxis
 */
function draw(context, { placed: { x, y }, color, width }, xaxis, yaxis) {
  Object.assign(context, { strokeStyle: color, lineWidth: width, lineJoin: "round" });
  context.beginPath();
  let pen = false;
  x.forEach((at, i) => {
    const value = y[i];
    if (value === null) pen = false;
    else {
      const [px, py] = [xaxis._offset + xaxis.d2p(at), yaxis._offset + yaxis.d2p(value)];
      if (pen) context.lineTo(px, py);
      else context.moveTo(px, py);
      pen = true;
    }
  });
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x in pixels
 * @param {number} height
 * @param {any} xaxis
 * @param {string} color
 */
function line(context, x, height, xaxis, color) {
  if (x < xaxis._offset || x > xaxis._offset + xaxis._length) return;
  Object.assign(context, { strokeStyle: color, lineWidth: 1 });
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, 0);
  context.lineTo(Math.round(x) + 0.5, height - 28);
  context.stroke();
}
