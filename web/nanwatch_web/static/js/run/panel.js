/**
 * One chart: its card on the page, its data, its drawing.
 * @module
 */

import { across, back, placeOfText } from "../charts/axis.js";
import { attemptWords } from "../charts/attempts.js";
import { drawnLines, figure } from "../charts/figure.js";
import { byEpoch, smoothed } from "../charts/place.js";
import { summary } from "../charts/summary.js";
import { palette } from "../charts/palette.js";
import { newest, tailOf } from "../charts/tail.js";
import { strokeOf } from "../charts/traces.js";
import { el } from "../dom.js";
import { integer, number } from "../format.js";
import { showLegend } from "./legend.js";
import { panelMenu } from "./menu.js";
import { Overlay } from "./overlay.js";

/** @typedef {import("../types").ChartSpec} ChartSpec */
/** @typedef {import("../types").PlotElement} PlotElement */

/**
 * @typedef {object} PanelHost what a chart needs of the page
 * @property {import("./series.js").RunSeries} series
 * @property {import("../types").View} view
 * @property {() => import("../types").Failure | null} failure
 * @property {() => import("../types").Told[]} told what else was diagnosed
 * @property {(range: [number, number] | null) => void} zoom
 * @property {(step?: number) => void} openCard of what was diagnosed at a step, or of the failure
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
const RAILS = ["NaN", "+Inf", "−Inf", "Alerts"];

/** A chart on the page. */
export class Panel {
  /**
   * @param {ChartSpec} spec
   * @param {PanelHost} host
   * @param {(step: number | null, panel: Panel) => void} onCross where the reader points
   */
  constructor(spec, host, onCross) {
    this.spec = spec;
    this.host = host;
    this.onCross = onCross;
    this.heat = spec.heat ?? false;
    this.inView = false;
    this.loaded = false;
    this.dirty = true;
    /** Whether something came that the overlay cannot show: it must be drawn soon. */
    this.urgent = false;
    /** Whether the reader drags across it: a redraw would take the chart from under the hand. */
    this.held = false;
    /** Whether the reader reads values there: a redraw takes them away for a moment. */
    this.hovered = false;
    this.drawnAt = 0; // never, or not what is to be seen now
    /** @type {Map<string, number>} the last step that was drawn, by series */
    this.drawnTo = new Map();
    this.fetched = OLD;
    this.overlay = new Overlay();
    this.plot = /** @type {PlotElement} */ (
      /** @type {HTMLElement} */ (el("div", { class: "plot", role: "img", "aria-label": spec.title }))
    );
    this.legend = el("ul", { class: "legend" });
    this.note = el("p", { class: "hides", hidden: true });
    const about = { role: "region", "aria-label": `Data of ${spec.title}`, tabindex: 0 };
    this.table = el("div", { class: "scroll data", hidden: true, ...about });
    this.element = this.card();
  }

  card() {
    const { spec } = this;
    const words = [el("h2", {}, spec.title), el("span", { class: "sub" }, spec.sub)];
    const head = el("figcaption", {}, ...words, this.legend, this.switch(), panelMenu(this));
    const kind = `card chart${spec.big ? " big" : ""}`;
    return el("figure", { class: kind, "data-chart": spec.id }, head, this.body(), this.note, this.table);
  }

  /** Many layers fold away behind a summary. */
  body() {
    const box = el("div", { class: "plotbox" }, this.plot, this.overlay.canvas);
    if (!this.spec.collapsed) return box;
    const words = `${integer(this.spec.lines.length)} ${this.heat ? "layers as a heat map" : "lines"}`;
    return el("details", {}, el("summary", {}, `Show ${words}`), box);
  }

  /** From a heat map to lines, and back. */
  switch() {
    if (!this.spec.heat) return null;
    const button = el("button", { type: "button", class: "small", "aria-pressed": this.heat }, "Heat map");
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      this.heat = !this.heat;
      button.setAttribute("aria-pressed", String(this.heat));
      void this.draw().catch(this.host.onError);
    });
    return button;
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
    const lines = [...this.spec.lines, ...(this.spec.ruler ?? [])];
    const range = view.range;
    const finer = range ? lines.filter((line) => !byEpoch(line)) : [];
    if (anew) await Promise.all(lines.map((line) => series.fetchWhole(line.series, this.buckets())));
    const still = () => view.range === range;
    if (range)
      await Promise.all(finer.map((line) => series.fetchPart(line.series, range, this.buckets(), still)));
    this.loaded = true;
    this.dirty = true;
    this.drawnAt = 0;
  }

  /** The chart's scene: everything its figure is made of. */
  scene() {
    const { series, view, failure, told } = this.host;
    const lines = [...this.spec.lines, ...(this.spec.ruler ?? [])];
    const data = new Map(lines.map((line) => [line.series, series.of(line.series, view.range !== null)]));
    return {
      spec: this.spec,
      series: data,
      view,
      extent: series.extent(),
      ends: series.ends,
      clock: series.clock,
      failure: failure(),
      told: told(),
      earlier: new Map(lines.map((line) => [line.series, series.attempts.of(line.series, view.range !== null)])),
      palette: palette(),
      size: { width: this.plot.clientWidth, height: this.plot.clientHeight },
    };
  }

  /** Draw. */
  async draw() {
    this.dirty = this.urgent = false;
    this.drawnAt = performance.now();
    const first = !("data" in this.plot);
    const figureOf = this.heat ? await this.heatMap() : figure;
    const scene = this.scene();
    const { data, layout, hidden } = figureOf(scene);
    // The library measures its place only once.
    const shown = { ...layout, ...scene.size, dragmode: coarse.matches ? false : "zoom" };
    await Plotly.react(this.plot, data, shown, CONFIG);
    this.overlay.clear();
    this.drawnTo = new Map([...scene.series].map(([name, { to }]) => [name, to[to.length - 1] ?? -1]));
    if (first) this.listen(this.plot);
    this.plot.setAttribute("aria-label", summary(this.spec, scene.series, scene.failure) + attemptWords(scene.earlier));
    showLegend(this.legend, this.spec, scene, this.heat);
    this.showHidden(hidden);
  }

  /** The drawing of heat maps, fetched when one is looked at, with the room that it needs. */
  async heatMap() {
    const { heatFigure, heatHeight } = await import("../charts/heat.js");
    this.plot.style.height = `${heatHeight(this.spec.lines.length)}px`;
    return heatFigure;
  }

  /**
   * Show over the chart what came since it was drawn, and where the reader points in another one.
   * @param {number | null} cross a step
   */
  paint(cross) {
    if (!this.isDrawn()) return;
    const scene = this.scene();
    const strokes = this.heat ? [] : this.strokes(scene);
    const x = cross === null ? null : across(scene.view.x, scene)(cross);
    if (!strokes.length && x === null) this.overlay.clear();
    else this.overlay.paint(this.plot, strokes, x === null ? null : { x, color: scene.palette.mut });
  }

  isDrawn() {
    return this.inView && this.drawnAt > 0 && "data" in this.plot && this.isUnfolded();
  }

  /** @param {ReturnType<Panel["scene"]>} scene */
  strokes(scene) {
    const lines = drawnLines(scene.view.smoothing ? scene : { ...scene, series: this.newest(scene.series) });
    return lines.flatMap((line, index) => {
      const placed = tailOf(smoothed(line, scene.view.smoothing), this.drawnTo.get(line.line.series) ?? -1);
      if (!placed) return [];
      if (placed.marks.length || this.outgrows(placed)) this.urgent = true;
      return [{ placed, ...strokeOf(placed, scene.palette, { index, of: lines.length }) }];
    });
  }

  /**
   * What smoothing does not need the whole of.
   * @param {Map<string, import("../types").Buckets>} series
   */
  newest(series) {
    const cut = [...series].map(([name, buckets]) => [name, newest(buckets, this.drawnTo.get(name) ?? -1)]);
    return /** @type {typeof series} */ (new Map(/** @type {any} */ (cut)));
  }

  /** @param {import("../types").Placed} placed beyond the axes of the last drawing */
  outgrows({ x, y }) {
    const { xaxis, yaxis } = this.plot._fullLayout;
    const [low, high] = yaxis.range;
    const last = y[y.length - 1];
    const height = last === null ? null : yaxis.d2l(last);
    return xaxis.d2l(x[x.length - 1]) > xaxis.r2l(xaxis.range[1]) || (height !== null && (height > high || height < low));
  }

  /** @param {PlotElement} plot */
  listen(plot) {
    plot.addEventListener("pointerdown", () => (this.held = true));
    addEventListener("pointerup", () => (this.held = false));
    plot.addEventListener("pointerenter", () => (this.hovered = true));
    plot.addEventListener("pointerleave", () => (this.hovered = false));
    plot.on("plotly_relayout", (change) => {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (from !== undefined && to !== undefined) this.host.zoom([this.stepAt(from), this.stepAt(to)]);
    });
    plot.on("plotly_doubleclick", () => this.host.zoom(null));
    plot.on("plotly_clickannotation", () => this.host.openCard());
    plot.on("plotly_click", (event) => this.clicked(event));
    plot.on("plotly_hover", (event) => this.onCross(this.stepAt(event.points[0].x), this));
    plot.on("plotly_unhover", () => this.onCross(null, this));
  }

  /** @param {any} event a click on a rail's mark opens the diagnosis of its step */
  clicked(event) {
    const mark = event.points.find((/** @type {any} */ point) => RAILS.includes(point.data.name));
    if (mark) this.host.openCard(mark.customdata);
  }

  /** @param {number | string} place as Plotly tells it */
  stepAt(place) {
    return back(this.host.view.x, this.host.series)(placeOfText(place));
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
   * @param {{calm: number, urgent: number}} rest the least times between two drawings
   */
  due(now, { calm, urgent }) {
    const rest = this.urgent || this.heat ? urgent : calm;
    const wait = this.hovered && this.drawnAt ? rest * HOVER_PATIENCE : rest;
    const rested = !this.drawnAt || now - this.drawnAt >= wait;
    return this.inView && this.dirty && this.loaded && !this.held && rested && this.isUnfolded();
  }
}
