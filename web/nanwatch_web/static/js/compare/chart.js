/**
 * The chart of the losses that are compared: drawn, zoomed, and had as a file or a table.
 * @module
 */

import { chartMenu } from "../chart_menu.js";
import { palette } from "../charts/palette.js";
import { smoothed } from "../charts/place.js";
import { wantsLog } from "../charts/scale.js";
import { el, fill } from "../dom.js";
import { aligned, commonUnit } from "./align.js";
import { comparison } from "./figure.js";
import { summaryOf } from "./parts.js";

/** @typedef {import("./align.js").Compared} Compared */
/** @typedef {import("../types").PlotElement} PlotElement */
/** @typedef {import("../types").Palette} Palette */

const CONFIG = { displayModeBar: false, displaylogo: false, showAxisDragHandles: false, doubleClick: false };
const TITLE = "Loss";

/** The chart. */
export class CompareChart {
  /**
   * @param {Required<import("./address.js").Question>} question how the runs are laid over one another
   * @param {{zoom: (range: [number, number] | null) => void, onError: (error: unknown) => void}} host
   */
  constructor(question, host) {
    this.question = question;
    this.host = host;
    /** @type {Compared[]} each with the loss that is shown of it */
    this.all = [];
    this.plot = /** @type {PlotElement} */ (/** @type {HTMLElement} */ (el("div", { class: "plot", role: "img" })));
    const about = { role: "region", "aria-label": "Data of the losses", tabindex: 0 };
    this.table = el("div", { class: "scroll data", hidden: true, ...about });
    const sub = el("span", { class: "sub" }, "a line a run, as in the table below");
    const head = el("figcaption", {}, el("h2", {}, TITLE), sub, this.menu());
    this.element = el("figure", { class: "card chart big", "aria-label": "Losses" }, head, this.plot, this.table);
  }

  /** The menu; what a choice needs is fetched when it is chosen. */
  menu() {
    return chartMenu("the losses", {
      points: () => this.points(),
      isTable: () => !this.table.hidden,
      picture: async (format) => (await import("./downloads.js")).downloadPicture(this, format),
      csv: async () => (await import("./downloads.js")).downloadCsv(this),
      table: () => this.toggleTable(),
      onError: this.host.onError,
    });
  }

  /** Whether the losses together span so much that only a log axis shows them all. */
  prefersLog() {
    return wantsLog({ y: this.placed(false).flatMap((line) => line?.y ?? []) });
  }

  /**
   * Where the lines lie; null for a run without a place on the axis.
   * @param {boolean} log
   */
  placed(log) {
    const { align, smoothing } = this.question;
    const unit = commonUnit(this.all);
    return this.all.map((each) => {
      const line = aligned(each, align, log, unit);
      return line && smoothed(line, smoothing);
    });
  }

  /**
   * The figure of a size.
   * @param {{width: number, height: number}} size
   * @param {Palette} look
   */
  figure(size, look) {
    const style = getComputedStyle(document.documentElement);
    const colours = this.all.map((_, i) => style.getPropertyValue(`--run-${i}`).trim());
    const [, unit] = commonUnit(this.all);
    return comparison(this.placed(this.question.log), { ...this.question, unit }, look, colours, size);
  }

  async draw() {
    const size = { width: this.plot.clientWidth, height: this.plot.clientHeight };
    const { data, layout } = this.figure(size, palette());
    this.plot.setAttribute("aria-label", summaryOf(this.all));
    const first = !("data" in this.plot);
    await Plotly.react(this.plot, data, { ...layout, ...size }, CONFIG);
    if (first) this.listen();
  }

  listen() {
    this.plot.on("plotly_relayout", (change) => {
      const range = [Number(change["xaxis.range[0]"]), Number(change["xaxis.range[1]"])];
      if (range[0] < range[1]) this.host.zoom([range[0], range[1]]);
    });
    this.plot.on("plotly_doubleclick", () => this.host.zoom(null));
  }

  /** How many points are in view, at most. */
  points() {
    return this.all.reduce((sum, { loss }) => sum + loss.n.reduce((a, b) => a + b, 0), 0);
  }

  /** Show the curves as a table, or hide it again. */
  async toggleTable() {
    this.table.hidden = !this.table.hidden;
    if (this.table.hidden) return;
    const { dataTable } = await import("../data_table.js");
    const named = this.all.map(({ run, series, label, loss }) => ({ series: `${series}#${run.id}`, label, loss }));
    const lines = named.map(({ series, label }) => ({ series, label, role: /** @type {const} */ ("part") }));
    fill(this.table, dataTable(lines, new Map(named.map(({ series, loss }) => [series, loss]))));
    this.table.focus();
  }
}
