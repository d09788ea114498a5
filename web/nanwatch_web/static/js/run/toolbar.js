/**
 * The toolbar: how the curves are shown. One object holds the choices for all charts.
 * @module
 */

import { el, fill } from "../dom.js";
import { integer } from "../format.js";
import { MOST_SMOOTHING } from "./address.js";

/** @typedef {import("../types").View} View */

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
    this.log = this.check("Log y", "logY", () => (view.logChosen = true));
    this.hint = el("span", { class: "hint" });
    this.reset = el("button", { type: "button", hidden: true, onclick: () => zoom(null) }, "Show all steps");
    fill(
      element,
      this.axis(),
      this.slider(),
      this.check("Min–max band", "band"),
      this.check("Running mean", "running"),
      this.check("Ignore outliers", "ignoreOutliers"),
      this.log,
      el("div", { class: "grow" }),
      this.hint,
      this.reset,
    );
  }

  /**
   * Say which steps are in view.
   * @param {number} last step of the run
   */
  showWindow(last) {
    const { range } = this.view;
    this.reset.hidden = range === null;
    this.hint.textContent = range
      ? `Steps ${integer(Math.round(range[0]))} to ${integer(Math.round(range[1]))}`
      : `${integer(last + 1)} ${last === 0 ? "step" : "steps"}${COARSE.matches ? "" : ". Drag across a chart to zoom in"}`;
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

  axis() {
    const group = el("div", { class: "seg", role: "group", "aria-label": "Horizontal axis" });
    const buttons = /** @type {const} */ (["step", "epoch"]).map((x) =>
      el(
        "button",
        {
          type: "button",
          "aria-pressed": String(x === this.view.x),
          onclick: () => this.chooseAxis(group, x),
        },
        x === "step" ? "Step" : "Epoch",
      ),
    );
    return fill(group, ...buttons);
  }

  /**
   * @param {HTMLElement} group
   * @param {"step" | "epoch"} x
   */
  chooseAxis(group, x) {
    this.view.x = x;
    for (const button of group.children)
      button.setAttribute("aria-pressed", String(button.textContent?.toLowerCase() === x));
    this.onChange();
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
   * @param {"band" | "running" | "ignoreOutliers" | "logY"} key
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
