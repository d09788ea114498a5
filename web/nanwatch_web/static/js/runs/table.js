/**
 * The table of runs. A row is made once and changed in place, so that focus and selection survive
 * live updates; rows far below are made when one scrolls there.
 * @module
 */

import { arrange, el, refresh } from "../dom.js";
import { ago } from "../format.js";
import { RunRow } from "./row.js";
import { SORTS } from "./question.js";
import { Sparklines } from "./sparklines.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("./question.js").Question} Question */

/** @type {[string, string][]} */
export const COLUMNS = [
  ["pick", ""],
  ["name", "Run"],
  ["project", "Project"],
  ["status", "State and health"],
  ["spark", "Loss"],
  ["num loss", "Last loss"],
  ["num best", "Best val_loss"],
  ["num step", "Step"],
  ["num took", "Duration"],
  ["when", "Started"],
  ["tags", "Tags"],
  ["deeds", ""],
];
/** @type {Record<string, string>} */
const HIDDEN_HEADS = { deeds: "More" };
const AT_ONCE = 60;

/**
 * @typedef {object} TableHost what the table needs of the page
 * @property {(run: Run) => import("../types").Alert | null} alertOf the gravest alert of a run
 * @property {(run: Run) => boolean} isPicked whether it is ticked
 * @property {(runs: Run[], picked: boolean) => void} onPick
 * @property {(chosen: Partial<Question>) => void} choose
 * @property {Question} question
 * @property {(error: unknown) => void} onError
 */

/** Rows by run, kept between updates. */
export class RunTable {
  /** @param {TableHost} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<string, RunRow>} */
    this.rows = new Map();
    /** @type {Run[]} */
    this.runs = [];
    this.most = AT_ONCE;
    this.sparklines = new Sparklines();
    this.body = el("tbody");
    this.all = el("input", { type: "checkbox", "aria-label": "Tick all runs that fit" });
    this.all.addEventListener("change", () => host.onPick(this.runs, this.all.checked));
    this.heads = COLUMNS.map(([kind, words]) => this.head(kind, words));
    this.more = el("button", { type: "button", onclick: () => this.grow() }, "Show more");
    const caption = el("caption", { class: "vh" }, "Runs");
    const table = el("table", { class: "runs" }, caption, el("thead", {}, el("tr", {}, ...this.heads)), this.body);
    this.element = el("div", { class: "runlist" }, table, el("div", { class: "more" }, this.more));
    new IntersectionObserver(([entry]) => entry.isIntersecting && this.grow(), { rootMargin: "600px" }).observe(this.more);
  }

  /**
   * Show these runs in this order.
   * @param {Run[]} runs
   * @param {number} now
   */
  show(runs, now) {
    this.runs = runs;
    const shown = runs.slice(0, this.most);
    const rows = shown.map((run) => this.row(run, now));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    arrange(this.body, rows);
    // A row that moves, as one does that is pinned, takes the focus with it.
    if (focused !== document.activeElement && this.body.contains(focused)) focused?.focus();
    this.more.hidden = shown.length === runs.length;
    this.showTicks(shown);
    this.showOrder();
  }

  /** @param {Run[]} shown */
  showTicks(shown) {
    for (const run of shown) this.rows.get(run.id)?.tick(this.host.isPicked(run));
    const ticked = this.runs.filter((run) => this.host.isPicked(run)).length;
    this.all.checked = ticked > 0 && ticked === this.runs.length;
    this.all.indeterminate = ticked > 0 && !this.all.checked;
  }

  /** Begin anew at the top: another question was asked. */
  rewind() {
    this.most = AT_ONCE;
  }

  grow() {
    if (this.most >= this.runs.length) return;
    this.most += AT_ONCE;
    this.show(this.runs, Date.now());
  }

  /**
   * @param {Run} run
   * @param {number} now
   */
  row(run, now) {
    const known = this.rows.get(run.id);
    const row = known ?? new RunRow(run, this.host);
    if (!known) this.rows.set(run.id, row);
    const alert = this.host.alertOf(run);
    const print = JSON.stringify([run, alert?.symptom, alert?.fault, ago(run.started_at, now)]);
    if (row.print !== print) {
      row.refresh(run, alert, now);
      this.sparklines.follow(row.spark, run);
    }
    row.print = print;
    return row.element;
  }

  /**
   * @param {string} kind
   * @param {string} words
   */
  head(kind, words) {
    if (kind === "pick") return el("th", { scope: "col", class: kind }, this.all);
    const sort = SORTS.find((each) => kind.split(" ").includes(each));
    if (!sort) return el("th", { scope: "col", class: kind }, words || el("span", { class: "vh" }, HIDDEN_HEADS[kind]));
    const button = el("button", { type: "button", class: "sort", onclick: () => this.sortBy(sort) }, words);
    return el("th", { scope: "col", class: kind, "data-sort": sort }, button);
  }

  /** @param {import("./question.js").Column} sort */
  sortBy(sort) {
    const { question } = this.host;
    const words = sort === "name" || sort === "project" || sort === "status";
    const up = question.sort === sort ? !question.up : words || sort === "loss" || sort === "best";
    this.host.choose({ sort, up });
  }

  showOrder() {
    const { sort, up } = this.host.question;
    for (const head of this.heads) {
      const order = head.dataset.sort === sort ? (up ? "ascending" : "descending") : null;
      if (order) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
    }
  }
}

/**
 * Tags that narrow the list to themselves.
 * @param {HTMLElement} cell
 * @param {string[]} tags
 * @param {(tag: string) => void} choose
 */
export function fillTags(cell, tags, choose) {
  refresh(
    cell,
    tags.map((tag) =>
      el("button", { type: "button", class: "tag", title: `Show runs with ${tag}`, onclick: () => choose(tag) }, tag),
    ),
  );
}
