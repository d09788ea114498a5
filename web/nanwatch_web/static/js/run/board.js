/**
 * All charts of a run: made from the list of series, fetched when seen, redrawn calmly.
 * @module
 */

import { chartsFor } from "../charts/groups.js";
import { prefersLog } from "../charts/figure.js";
import { el, fill } from "../dom.js";
import { THEME_CHANGED } from "../theme.js";
import { Panel } from "./panel.js";

/** @typedef {import("./panel.js").PanelHost} PanelHost */

const TICK_MS = 250;
const CALM_MS = 1000;
const MOST_BUCKETS = 500;

/** The charts and their redrawing. */
export class Board {
  /**
   * @param {HTMLElement} element
   * @param {PanelHost} host
   */
  constructor(element, host) {
    this.element = element;
    this.host = host;
    /** @type {Map<string, Panel>} */
    this.panels = new Map();
    this.watcher = new IntersectionObserver((entries) => entries.forEach((entry) => this.seen(entry)), {
      rootMargin: "200px",
    });
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(element);
    document.addEventListener(THEME_CHANGED, () => this.redraw());
    setInterval(() => void this.tick(), TICK_MS);
  }

  /** Make charts for the series that are there now; charts that stay are kept. */
  arrange() {
    const specs = chartsFor(this.host.series.infos.map((info) => info.name));
    const panels = specs.map((spec) => this.panelFor(spec));
    this.panels = new Map(panels.map((panel) => [panel.spec.id, panel]));
    fill(this.element, ...(panels.length ? panels.map((panel) => panel.element) : [this.nothing()]));
  }

  /** Fetch all charts that are in sight again: after a reconnection, or when the window changed. */
  async reload() {
    for (const panel of this.panels.values()) panel.expire();
    const panels = [...this.panels.values()].filter((panel) => panel.lacksData());
    await Promise.all(panels.map((panel) => this.load(panel)));
  }

  /** Show a new window: at once with what is there, then with the finer buckets that `tick` fetches. */
  rezoom() {
    this.host.series.part.clear();
    this.redraw();
  }

  /**
   * Live points.
   * @param {import("./series.js").LivePoints} points
   * @returns {boolean} whether a new series came
   */
  add(points) {
    const unknown = this.host.series.add(points, MOST_BUCKETS);
    for (const panel of this.panels.values()) {
      if (panel.spec.lines.some((line) => line.series in points)) panel.dirty = true;
    }
    return unknown;
  }

  /** Draw everything in sight anew at the next tick. */
  redraw() {
    for (const panel of this.panels.values()) {
      panel.dirty = true;
      panel.drawnAt = 0;
    }
  }

  /** Whether the loss asks for a log axis. */
  prefersLog() {
    const loss = this.panels.get("key:loss");
    return loss !== undefined && prefersLog(loss.scene());
  }

  /** Fetch for the charts that came into sight, and draw those that changed, each at most once a second. */
  async tick() {
    if (document.hidden) return;
    const panels = [...this.panels.values()];
    panels.filter((panel) => panel.lacksData()).forEach((panel) => void this.load(panel));
    const due = panels.filter((panel) => panel.due(performance.now(), CALM_MS));
    for (const panel of due) await panel.draw();
  }

  /** @param {IntersectionObserverEntry} entry */
  seen(entry) {
    const panel = [...this.panels.values()].find((each) => each.element === entry.target);
    if (panel) panel.inView = entry.isIntersecting;
  }

  /** @param {Panel} panel */
  async load(panel) {
    try {
      await panel.load();
    } catch (error) {
      this.host.onError(error);
    }
  }

  /** @param {import("../types").ChartSpec} spec */
  panelFor(spec) {
    const known = this.panels.get(spec.id);
    if (known && JSON.stringify(known.spec) === JSON.stringify(spec)) return known;
    if (known) this.watcher.unobserve(known.element);
    const panel = new Panel(spec, this.host);
    this.watcher.observe(panel.element);
    return panel;
  }

  nothing() {
    return el(
      "p",
      { class: "card note sub" },
      "No points yet. Curves appear here as soon as the training sends its first batch.",
    );
  }
}
