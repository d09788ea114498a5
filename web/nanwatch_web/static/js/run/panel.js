/**
 * One chart: its card on the page, its data, its drawing.
 * @module
 */

import { figure } from "../charts/figure.js";
import { byEpoch } from "../charts/place.js";
import { summary } from "../charts/summary.js";
import { palette } from "../charts/palette.js";
import { toStep } from "../charts/epochs.js";
import { el, fill } from "../dom.js";
import { integer, number } from "../format.js";
import { chartMenu } from "./menu.js";

/** @typedef {import("../types").ChartSpec} ChartSpec */
/** @typedef {import("../types").PlotElement} PlotElement */

/**
 * @typedef {object} PanelHost what a chart needs of the page
 * @property {import("./series.js").RunSeries} series
 * @property {import("../types").View} view
 * @property {() => import("../types").Failure | null} failure
 * @property {(range: [number, number] | null) => void} zoom
 * @property {() => void} openFailure
 * @property {() => string} name of the run
 * @property {(error: unknown) => void} onError
 */

/** Finger and page scroll share a phone's screen: there a drag scrolls. */
const coarse = matchMedia("(pointer: coarse)");
const CONFIG = {
  displayModeBar: false,
  displaylogo: false,
  responsive: false,
  doubleClick: false,
  showAxisDragHandles: false,
};
const PX_A_BUCKET = 2;
const HOVER_PATIENCE = 4;
const OLD = "old";

/** @type {Record<import("../types").Role, string>} */
const LEGEND = { train: "k-train", running: "k-running", epoch: "k-epoch", val: "k-val", part: "k-part" };

/** A chart on the page. */
export class Panel {
  /**
   * @param {ChartSpec} spec
   * @param {PanelHost} host
   */
  constructor(spec, host) {
    this.spec = spec;
    this.host = host;
    this.inView = false;
    this.loaded = false;
    this.dirty = true;
    /** Whether the reader drags across it: a redraw would take the chart from under the hand. */
    this.held = false;
    /** Whether the reader reads values there: a redraw takes them away for a moment. */
    this.hovered = false;
    this.drawnAt = 0;
    this.fetched = OLD;
    this.plot = el("div", { class: "plot", role: "img", "aria-label": spec.title });
    this.legend = el("ul", { class: "legend" });
    this.note = el("p", { class: "hides", hidden: true });
    const about = { role: "region", "aria-label": `Data of ${spec.title}`, tabindex: 0 };
    this.table = el("div", { class: "scroll data", hidden: true, ...about });
    const head = el(
      "figcaption",
      {},
      el("h2", {}, spec.title),
      el("span", { class: "sub" }, spec.sub),
      this.legend,
      chartMenu(this),
    );
    this.element = el(
      "figure",
      { class: `card chart${spec.big ? " big" : ""}`, "data-chart": spec.id },
      head,
      this.body(),
      this.note,
      this.table,
    );
  }

  /** Many layers fold away behind a summary. */
  body() {
    if (!this.spec.collapsed) return this.plot;
    return el("details", {}, el("summary", {}, `Show ${integer(this.spec.lines.length)} lines`), this.plot);
  }

  /** How many buckets fit the chart's width; as many as can be while it is folded away. */
  buckets() {
    const most = this.spec.big ? 500 : 300;
    return Math.max(60, Math.min(most, Math.round((this.plot.clientWidth || Infinity) / PX_A_BUCKET)));
  }

  /** What is there may be old: fetch it again when it is looked at. */
  expire() {
    this.fetched = OLD;
  }

  isUnfolded() {
    return this.plot.checkVisibility();
  }

  /** Whether it is looked at and lacks what the view needs. */
  lacksData() {
    return this.inView && this.isUnfolded() && this.fetched !== JSON.stringify(this.host.view.range);
  }

  /**
   * Fetch what the view needs, all of it the first time or when it may be old, and draw it at once.
   */
  async load() {
    const { view, series } = this.host;
    const anew = this.fetched === OLD;
    this.fetched = JSON.stringify(view.range);
    const names = this.spec.lines.map((line) => line.series);
    const range = view.range;
    const finer = range ? this.spec.lines.filter((line) => !byEpoch(line)).map((line) => line.series) : [];
    if (anew) await Promise.all(names.map((name) => series.fetchWhole(name, this.buckets())));
    const still = () => view.range === range;
    if (range) await Promise.all(finer.map((name) => series.fetchPart(name, range, this.buckets(), still)));
    this.loaded = true;
    this.dirty = true;
    this.drawnAt = 0;
  }

  /** The chart's scene: everything its figure is made of. */
  scene() {
    const { series, view, failure } = this.host;
    const data = new Map(
      this.spec.lines.map((line) => [line.series, series.of(line.series, view.range !== null)]),
    );
    const size = { width: this.plot.clientWidth, height: this.plot.clientHeight };
    const extent = /** @type {[number, number]} */ ([0, series.last()]);
    return {
      spec: this.spec,
      series: data,
      view,
      extent,
      ends: series.ends,
      failure: failure(),
      palette: palette(),
      size,
    };
  }

  /** Draw. */
  async draw() {
    this.dirty = false;
    this.drawnAt = performance.now();
    const scene = this.scene();
    const { data, layout, hidden } = figure(scene);
    const first = !("data" in this.plot);
    await Plotly.react(this.plot, data, { ...layout, dragmode: coarse.matches ? false : "zoom" }, CONFIG);
    if (first) this.listen(/** @type {PlotElement} */ (/** @type {HTMLElement} */ (this.plot)));
    this.plot.setAttribute("aria-label", summary(this.spec, scene.series, scene.failure));
    this.showLegend(scene.series);
    this.showHidden(hidden);
  }

  /** @param {PlotElement} plot */
  listen(plot) {
    plot.addEventListener("pointerdown", () => (this.held = true));
    addEventListener("pointerup", () => (this.held = false));
    plot.addEventListener("pointerenter", () => (this.hovered = true));
    plot.addEventListener("pointerleave", () => (this.hovered = false));
    plot.on("plotly_relayout", (change) => {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (from !== undefined && to !== undefined) this.host.zoom(this.inSteps([Number(from), Number(to)]));
    });
    plot.on("plotly_doubleclick", () => this.host.zoom(null));
    plot.on("plotly_clickannotation", () => this.host.openFailure());
    plot.on("plotly_click", (event) => this.clicked(event));
  }

  /** @param {any} event a click on a rail's mark opens the diagnosis */
  clicked(event) {
    const onRail = event.points.some((/** @type {any} */ point) =>
      ["NaN", "+Inf", "−Inf"].includes(point.data.name),
    );
    if (onRail) this.host.openFailure();
  }

  /**
   * @param {[number, number]} range in the axis' own unit
   * @returns {[number, number]}
   */
  inSteps([from, to]) {
    const { view, series } = this.host;
    if (view.x === "step") return [from, to];
    return [toStep(from, series.ends), toStep(to, series.ends)];
  }

  /** @param {Map<string, import("../types").Buckets>} series */
  showLegend(series) {
    const { view } = this.host;
    const lines = this.spec.lines.filter((line) => line.role !== "running" || view.running);
    const parts =
      lines.length > 1 && lines[0].role === "part"
        ? [el("li", { class: "k-first" }, "first layer"), el("li", { class: "k-part" }, "last")]
        : null;
    const items = parts ?? lines.map((line) => el("li", { class: LEGEND[line.role] }, line.label));
    const band =
      view.band && lines.some((line) => line.role === "train") && el("li", { class: "k-band" }, "min–max");
    const bad =
      [...series.values()].some((each) => each.nonfinite.length) &&
      el("li", { class: "k-nan" }, "non-finite");
    fill(this.legend, ...(this.spec.big || lines.length > 1 ? items : []), this.spec.big && band, bad);
  }

  /** @param {import("../types").Figure["hidden"]} hidden */
  showHidden(hidden) {
    this.note.hidden = hidden === null;
    if (!hidden) return;
    const peaks = hidden.n === 1 ? "1 peak lies" : `${integer(hidden.n)} peaks lie`;
    const told = `${peaks} outside this scale, the furthest at ${number(hidden.furthest)}: arrows at the edge.`;
    this.note.textContent = `${told} Untick “Ignore outliers” to see all.`;
  }

  /**
   * Whether it should be drawn now.
   * @param {number} now
   * @param {number} rest the least time between two drawings
   */
  due(now, rest) {
    const wait = this.hovered && this.drawnAt ? rest * HOVER_PATIENCE : rest;
    const wanted = this.inView && this.dirty && this.loaded && !this.held && now - this.drawnAt >= wait;
    return wanted && this.isUnfolded();
  }
}
