/**
 * All charts of a run: made from the list of series, fetched when seen, redrawn calmly.
 * @module
 */

import { chartsFor } from "../charts/groups.js";
import { prefersLog } from "../charts/figure.js";
import { sourceOf } from "../charts/pace.js";
import { arrange, el } from "../dom.js";
import { THEME_CHANGED } from "../theme.js";
import { Group } from "./group.js";
import { Panel } from "./panel.js";

/** @typedef {import("./panel.js").PanelHost} PanelHost */

const TICK_MS = 250;
/** Between two drawings of a chart: the overlay shows what comes meanwhile, or it cannot. */
const REST = { calm: 3000, urgent: 1000 };
/** So many charts at most are drawn in a row, so that the page stays at hand. */
const AT_ONCE = 2;
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
    /** @type {Map<string, Group>} */
    this.groups = new Map();
    /** @type {{step: number, panel: Panel} | null} where the reader points */
    this.cross = null;
    this.painting = false;
    this.ticking = false;
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(element);
    document.addEventListener(THEME_CHANGED, () => this.redraw());
    setInterval(() => void this.tick(), TICK_MS);
  }

  /** Make charts for the series that are there now; charts that stay are kept. */
  arrange() {
    const names = this.host.series.infos.map((info) => info.name);
    const specs = chartsFor(names, this.host.view.beside && this.host.view.running);
    const panels = specs.map((spec) => this.panelFor(spec));
    this.panels = new Map(panels.map((panel) => [panel.spec.id, panel]));
    const heads = [...new Set(specs.map(({ group }) => group))];
    const groups = heads.map((head) => this.group(head, panels.filter(({ spec }) => spec.group === head)));
    arrange(this.element, groups.length ? groups : [this.nothing()]);
  }

  /**
   * Charts below a head, made once; what stays where it is keeps focus and scroll.
   * @param {string} head
   * @param {Panel[]} panels
   */
  group(head, panels) {
    const known = this.groups.get(head) ?? new Group(head);
    this.groups.set(head, known);
    known.show(panels.map(({ element }) => element));
    return known.element;
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
    this.host.series.attempts.part.clear();
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
      if (panel.spec.lines.some((line) => sourceOf(line.series) in points)) panel.dirty = true;
    }
    this.paintSoon();
    return unknown;
  }

  /** With the next frame, show over the charts what they lack. */
  paintSoon() {
    if (this.painting || document.hidden) return;
    this.painting = true;
    requestAnimationFrame(() => {
      this.painting = false;
      for (const panel of this.panels.values()) if (panel.dirty || this.cross) panel.paint(this.crossFor(panel));
    });
  }

  /** @param {Panel} panel the chart that is pointed at has a line of its own */
  crossFor(panel) {
    return this.cross && this.cross.panel !== panel ? this.cross.step : null;
  }

  /**
   * The reader points at a step of a chart: the others show it too.
   * @param {number | null} step
   * @param {Panel} panel
   */
  point(step, panel) {
    this.cross = step === null ? null : { step, panel };
    for (const other of this.panels.values()) if (other !== panel) other.paint(step);
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

  /** Fetch for the charts that came into sight, and draw those that changed and have rested. */
  async tick() {
    if (document.hidden || this.ticking) return;
    this.ticking = true;
    const panels = [...this.panels.values()];
    panels.filter((panel) => panel.lacksData()).forEach((panel) => void this.load(panel));
    const due = panels.filter((panel) => panel.due(performance.now(), REST));
    const [anew, again] = [due.filter(({ drawnAt }) => !drawnAt), due.filter(({ drawnAt }) => drawnAt)];
    again.sort((a, b) => a.drawnAt - b.drawnAt);
    for (const panel of [...anew, ...again.slice(0, AT_ONCE)]) await this.draw(panel);
    this.ticking = false;
  }

  /** @param {Panel} panel */
  async draw(panel) {
    await panel.draw();
    if (this.cross) panel.paint(this.crossFor(panel));
    await new Promise(requestAnimationFrame);
  }

  /** Draw every chart that is not folded away, also those that nobody has scrolled to yet. */
  async drawAll() {
    const open = [...this.panels.values()].filter((panel) => panel.isUnfolded());
    const lacking = open.filter((panel) => !panel.loaded);
    for (const panel of lacking) panel.expire(); // what is on its way is waited for
    await Promise.all(lacking.map((panel) => this.load(panel)));
    for (const panel of open) await panel.draw();
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
    const panel = new Panel(spec, this.host, (step, pointed) => this.point(step, pointed));
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
