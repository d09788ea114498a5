/**
 * The runs that are ticked, and what can be done with all of them.
 * @module
 */

import { addressOf as comparisonOf, MOST_RUNS } from "../compare/address.js";
import { el, fill } from "../dom.js";
import { pinAll, removeAll, several, tagAll } from "./bulk.js";

/** @typedef {import("../types").Run} Run */

/** The bar above the list, while any run is ticked. */
export class Picked {
  /**
   * @param {HTMLElement} bar
   * @param {Map<string, Run>} known all runs by their ids
   * @param {() => void} onChange the ticks have changed
   * @param {(error: unknown) => void} onError
   */
  constructor(bar, known, onChange, onError) {
    this.bar = bar;
    this.known = known;
    this.onChange = onChange;
    this.onError = onError;
    /** @type {Set<string>} in the order in which they were ticked */
    this.ids = new Set();
    this.count = el("b", { role: "status" });
    this.compare = el("a", { class: "asbutton", id: "compare" });
    this.pin = this.button("Pin", (runs) => pinAll(runs, !allPinned(runs)));
    fill(
      bar,
      this.count,
      this.compare,
      this.pin,
      this.button("Tags…", tagAll),
      this.button("Delete…", removeAll),
      el("div", { class: "grow" }),
      el("button", { type: "button", onclick: () => this.tick([...this.ids], false) }, "Untick all"),
    );
  }

  /** The runs themselves. */
  get runs() {
    return [...this.ids].flatMap((id) => this.known.get(id) ?? []);
  }

  /**
   * @param {string[]} ids
   * @param {boolean} on
   */
  tick(ids, on) {
    for (const id of ids)
      if (on) this.ids.add(id);
      else this.ids.delete(id);
    this.show();
    this.onChange();
  }

  /** Say how many there are, and what can be done with so many. */
  show() {
    const { runs } = this;
    this.bar.hidden = !runs.length;
    this.count.textContent = `${several(runs)} ticked`;
    this.compare.hidden = runs.length < 2;
    this.compare.textContent = `Compare ${runs.length > MOST_RUNS ? `the first ${MOST_RUNS} of ` : ""}${several(runs)}`;
    this.compare.setAttribute("href", comparisonOf({ runs: [...this.ids], align: "step", log: false }));
    this.pin.textContent = allPinned(runs) ? "Unpin" : "Pin";
  }

  /**
   * @param {string} words
   * @param {(runs: Run[]) => unknown} act
   */
  button(words, act) {
    const go = async () => act(this.runs);
    return el("button", { type: "button", onclick: () => void go().catch(this.onError) }, words);
  }
}

/** @param {Run[]} runs */
function allPinned(runs) {
  return runs.every(({ pinned }) => pinned);
}
