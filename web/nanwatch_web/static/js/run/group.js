/**
 * Charts that belong together, below a head that folds them away.
 * @module
 */

import { arrange, el, fill } from "../dom.js";

/** The charts of a group. */
export class Group {
  /** @param {string} head empty for the first charts, which need none */
  constructor(head) {
    this.count = el("span", { class: "sub" });
    this.grid = el("div", { class: "charts" });
    const title = el("summary", {}, el("h2", {}, head), this.count);
    this.element = head ? el("details", { class: "group", open: true }, title, this.grid) : this.grid;
  }

  /** @param {Element[]} charts */
  show(charts) {
    fill(this.count, charts.length === 1 ? "1 chart" : `${charts.length} charts`);
    arrange(this.grid, charts);
  }
}
