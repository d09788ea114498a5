/**
 * The table of runs. A row is made once and changed in place, so that focus and selection survive
 * live updates.
 * @module
 */

import { el, fill } from "../dom.js";
import { ago, exact, integer, num, number } from "../format.js";
import { healthPill, statePill } from "../pills.js";

/** @typedef {import("../types").Run} Run */

const COLUMNS = [
  ["pick", ""],
  ["name", "Run"],
  ["project", "Project"],
  ["status", "State and health"],
  ["num loss", "Last loss"],
  ["num best", "Best val_loss"],
  ["num step", "Step"],
  ["when", "Started"],
  ["tags", "Tags"],
];

const WHEN = COLUMNS.findIndex(([kind]) => kind === "when");

/** Rows by run, kept between updates. */
export class RunTable {
  /**
   * @param {(run: Run) => string | null} symptomOf the worst open symptom of a run
   * @param {(run: Run, picked: boolean) => void} onPick
   */
  constructor(symptomOf, onPick) {
    this.symptomOf = symptomOf;
    this.onPick = onPick;
    /** @type {Map<string, HTMLTableRowElement>} */
    this.rows = new Map();
    this.body = el("tbody");
    const heads = COLUMNS.map(([name, words]) =>
      el("th", { scope: "col", class: name }, words || el("span", { class: "vh" }, "Compare")),
    );
    this.element = el(
      "table",
      { class: "runs" },
      el("caption", { class: "vh" }, "Runs, newest first"),
      el("thead", {}, el("tr", {}, ...heads)),
      this.body,
    );
  }

  /**
   * Show these runs in this order.
   * @param {Run[]} runs
   * @param {number} now
   */
  show(runs, now) {
    const rows = runs.map((run) => this.row(run, now));
    const same =
      rows.length === this.body.children.length && rows.every((row, i) => row === this.body.children[i]);
    if (!same) this.body.replaceChildren(...rows);
  }

  /**
   * @param {Run} run
   * @param {number} now
   */
  row(run, now) {
    const row = this.rows.get(run.id) ?? this.newRow(run);
    const symptom = this.symptomOf(run);
    const print = JSON.stringify([run, symptom, ago(run.started_at, now)]);
    if (row.dataset.print !== print) this.refresh(row, run, symptom, now);
    row.dataset.print = print;
    return row;
  }

  /** @param {Run} run */
  newRow(run) {
    const link = el("a", { href: `/runs/${encodeURIComponent(run.id)}` });
    const name = el("td", { class: "name" }, link, el("small", { class: "under" }));
    const rest = COLUMNS.slice(2).map(([kind]) => el("td", { class: kind }));
    const row = el("tr", {}, this.picker(run), name, ...rest);
    // The date lies above the link, for its exact time on hover; a click there opens the run as well.
    row.cells[WHEN].addEventListener("click", () => link.click());
    this.rows.set(run.id, row);
    return row;
  }

  /** @param {Run} run */
  picker(run) {
    const input = el("input", { type: "checkbox" });
    input.addEventListener("change", () => this.onPick(run, input.checked));
    return el("td", { class: "pick" }, input);
  }

  /**
   * @param {HTMLTableRowElement} row
   * @param {Run} run
   * @param {string | null} symptom
   * @param {number} now
   */
  refresh(row, run, symptom, now) {
    const [pick, name, project, status, loss, best, step, when, tags] = row.cells;
    pick.firstElementChild?.setAttribute("aria-label", `Compare ${run.name}`);
    const [link, under] = name.children;
    link.textContent = run.name;
    link.setAttribute("title", run.name);
    under.textContent = `${run.project} · ${ago(run.started_at, now)}`;
    project.textContent = run.project;
    fill(status, statePill(run.state), healthPill(run.health, symptom));
    fillValue(loss, num(run.last_loss));
    fillValue(best, num(run.best_val_loss));
    step.textContent = integer(run.last_step);
    fill(
      when,
      el("time", { datetime: run.started_at, title: exact(run.started_at) }, ago(run.started_at, now)),
    );
    fill(tags, ...run.tags.map((tag) => el("span", { class: "tag", title: tag }, tag)));
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
