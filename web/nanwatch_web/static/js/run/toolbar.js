/**
 * The toolbar: how the curves are shown. One object holds the choices for all charts.
 * @module
 */

import { el, fill } from "../dom.js";
import { integer } from "../format.js";
import { countable } from "../charts/axis.js";
import { AXES, MOST_SMOOTHING } from "./address.js";

/** @typedef {import("../types").View} View */

const NO_TIMES = "This run does not tell when its steps were: it was imported, or recorded by an older version";
/** @type {Record<import("../types").Across, string>} */
const WORDS = { step: "Step", epoch: "Epoch", time: "Wall time", relative: "Relative" };
const COARSE = matchMedia("(pointer: coarse)");

/** The controls above the charts. */
export class Toolbar {
  /**
   * @param {HTMLElement} element
   * @param {View} view changed in place
   * @param {() => void} onChange
   * @param {(range: [number, number] | null) => void} zoom
   */
  constructor(element, view, onChange, zoom) {
    this.view = view;
    this.onChange = onChange;
    this.axes = el("div", { class: "seg", role: "group", "aria-label": "Horizontal axis" });
    this.log = this.check("Log y", "logY", () => (view.logChosen = true));
    this.running = this.check("Running mean", "running");
    this.beside = this.check("Side by side", "beside");
    this.hint = el("span", { class: "hint" });
    this.kept = el("p", { class: "kept", hidden: true });
    this.reset = el("button", { type: "button", hidden: true, onclick: () => zoom(null) }, "Show all steps");
    fill(
      element,
      this.axis(),
      this.slider(),
      this.check("Min–max band", "band"),
      this.running,
      this.beside,
      this.check("Ignore outliers", "ignoreOutliers"),
      this.log,
      el("div", { class: "grow" }),
      this.hint,
      this.reset,
      this.kept,
    );
  }

  /**
   * Say which steps are in view.
   * @param {number} steps of the run
   */
  showWindow(steps) {
    const { range } = this.view;
    this.reset.hidden = range === null;
    this.hint.textContent = range
      ? `Steps ${integer(Math.round(range[0]))} to ${integer(Math.round(range[1]))}`
      : `${integer(steps)} ${steps === 1 ? "step" : "steps"}${COARSE.matches || !steps ? "" : ". Drag in a chart to zoom"}`;
  }

  /**
   * Say from which step on a thinned run has exact values.
   * @param {number | undefined} step undefined for a run that is whole
   */
  showThinned(step) {
    this.kept.hidden = step === undefined;
    this.kept.textContent = step === undefined ? "" : thinnedWords(step);
  }

  /**
   * Ask only for what this run has.
   * @param {boolean} has whether there is a running mean
   */
  offerRunning(has) {
    this.running.hidden = this.beside.hidden = !has;
  }

  /**
   * Take over the loss' wish for a log axis, as long as the reader chose none.
   * @param {boolean} wanted
   */
  preferLog(wanted) {
    if (this.view.logChosen || this.view.logY === wanted) return;
    this.view.logY = wanted;
    const box = this.log.querySelector("input");
    if (box) box.checked = wanted;
    this.onChange();
  }

  /**
   * Offer what the run can be drawn over.
   * @param {import("../charts/axis.js").Scales} scales
   */
  offer(scales) {
    [...this.axes.children].forEach((button, i) => {
      const open = countable(AXES[i], scales) === AXES[i] || AXES[i] === "epoch";
      button.toggleAttribute("disabled", !open);
      button.setAttribute("title", open ? "" : NO_TIMES);
    });
    this.pressAxis();
  }

  axis() {
    const buttons = AXES.map((x) => el("button", { type: "button", onclick: () => this.chooseAxis(x) }, WORDS[x]));
    fill(this.axes, ...buttons);
    this.pressAxis();
    return this.axes;
  }

  /** @param {import("../types").Across} x */
  chooseAxis(x) {
    this.view.x = x;
    this.pressAxis();
    this.onChange();
  }

  pressAxis() {
    [...this.axes.children].forEach((button, i) => {
      button.setAttribute("aria-pressed", String(AXES[i] === this.view.x));
    });
  }

  slider() {
    const value = this.view.smoothing;
    const output = el("output", {}, value);
    const input = el("input", { type: "range", min: 0, max: MOST_SMOOTHING, step: 0.01, value });
    input.addEventListener("input", () => {
      this.view.smoothing = Number(input.value);
      output.textContent = input.value;
      this.onChange();
    });
    return el("label", { class: "slider" }, "Smoothing", input, output);
  }

  /**
   * @param {string} words
   * @param {"band" | "running" | "beside" | "ignoreOutliers" | "logY"} key
   * @param {() => void} [chosen]
   */
  check(words, key, chosen) {
    const input = el("input", { type: "checkbox" });
    input.checked = this.view[key];
    input.addEventListener("change", () => {
      this.view[key] = input.checked;
      chosen?.();
      this.onChange();
    });
    return el("label", { class: "chk" }, input, words);
  }
}

/**
 * @param {number} step
 * @returns {string}
 */
function thinnedWords(step) {
  const older = "Of older ones the least, the mean and the greatest of each 64 are kept, and every NaN and Inf.";
  return `Thinned: exact values from step ${integer(step)} on. ${older}`;
}
