/**
 * A run as a row of the list.
 * @module
 */

import { el, fill, icon } from "../dom.js";
import { ago, duration, exact, integer, num, number } from "../format.js";
import { dropDown } from "../menu.js";
import { healthPill, statePill } from "../pills.js";
import { whyWords } from "../words.js";
import { pin, remove, rename, tag } from "./edit.js";
import { seconds } from "./filter.js";
import { COLUMNS, fillTags } from "./table.js";

/** @typedef {import("../types").Run} Run */

const DOTS = ["M3 8h.01M8 8h.01M13 8h.01"];
const PIN = "M5.500 2h5l-.7 4.500 2.200 2.500v1H4v-1l2.200-2.500zM8 10v4";
/** @type {Record<string, (run: Run) => unknown>} */
const DEEDS = { p: pin, e: rename, t: tag, Delete: remove };

/** The row, and what it shows. */
export class RunRow {
  /**
   * @param {Run} run
   * @param {import("./table.js").TableHost} host
   */
  constructor(run, host) {
    this.run = run;
    this.host = host;
    this.print = "";
    this.box = el("input", { type: "checkbox" });
    this.box.addEventListener("change", () => host.onPick([this.run], this.box.checked));
    this.link = el("a", { href: `/runs/${encodeURIComponent(run.id)}` });
    this.mark = el("span", { class: "pin", hidden: true, title: "Pinned" }, icon("0 0 16 16", PIN));
    this.under = el("small", { class: "under" });
    this.menu = dropDown([icon("0 0 16 16", ...DOTS), el("span", { class: "vh" })], { class: "menu" }, () => this.choices());
    const cells = COLUMNS.map(([kind]) => el("td", { class: kind }));
    this.cells = Object.fromEntries(COLUMNS.map(([kind], i) => [kind.split(" ").pop(), cells[i]]));
    this.spark = this.cells.spark;
    fill(this.cells.pick, this.box);
    fill(this.cells.name, this.mark, this.link, this.under);
    fill(this.cells.deeds, this.menu);
    this.element = el("tr", {}, ...cells);
    this.element.dataset.run = run.id;
    // The date lies above the link, for its exact time on hover; a click there opens the run as well.
    this.cells.when.addEventListener("click", () => this.link.click());
  }

  /**
   * @param {Run} run
   * @param {import("../types").Alert | null} alert the gravest
   * @param {number} now
   */
  refresh(run, alert, now) {
    this.run = run;
    const { project, status, loss, best, step, took, when, tags } = this.cells;
    this.box.setAttribute("aria-label", `Tick ${run.name}`);
    fill(/** @type {HTMLElement} */ (this.menu.querySelector(".vh")), `More for ${run.name}`);
    this.mark.hidden = !run.pinned;
    this.link.textContent = run.name;
    this.link.title = run.note ? `${run.name}\n\n${run.note}` : run.name;
    this.under.textContent = `${run.project} · ${ago(run.started_at, now)}`;
    project.textContent = run.project;
    fill(status, statePill(run.state, whyWords(run)), healthPill(run.health, alert?.symptom ?? null, alert?.fault));
    fillValue(loss, num(run.last_loss));
    fillValue(best, num(run.best_val_loss));
    step.textContent = integer(run.last_step);
    took.textContent = duration(seconds(run, now));
    fill(when, el("time", { datetime: run.started_at, title: exact(run.started_at) }, ago(run.started_at, now)));
    fillTags(tags, run.tags, (word) => this.host.choose({ tag: word }));
  }

  /** @param {boolean} on */
  tick(on) {
    this.box.checked = on;
    this.element.classList.toggle("ticked", on);
  }

  /** What can be done with the run. */
  choices() {
    const { run } = this;
    return [
      { words: run.pinned ? "Unpin" : "Pin to the top", act: () => this.act("p") },
      { words: "Rename…", act: () => this.act("e") },
      { words: "Edit tags…", act: () => this.act("t") },
      { words: `Only ${run.project}`, act: () => this.host.choose({ project: run.project }) },
      { words: "Delete…", act: () => this.act("Delete") },
    ];
  }

  /**
   * Do what a key stands for.
   * @param {string} key
   * @returns {boolean} whether it stands for anything
   */
  act(key) {
    if (key === "x") return (this.box.click(), true);
    const deed = DEEDS[key];
    if (deed) void Promise.resolve(deed(this.run)).catch(this.host.onError);
    return deed !== undefined;
  }
}

/**
 * @param {HTMLElement} cell
 * @param {number | null} value
 */
function fillValue(cell, value) {
  cell.textContent = number(value);
  cell.classList.toggle("nonfinite", value !== null && !Number.isFinite(value));
}
