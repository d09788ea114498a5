/**
 * Exact values of the steps around the failure, as the callback sent them.
 * @module
 */

import { get } from "../api.js";
import { placeOf } from "../charts/epochs.js";
import { el, fill } from "../dom.js";
import { integer, number } from "../format.js";

/** @typedef {import("./series.js").RunSeries} RunSeries */

const BEFORE = 5;
const AFTER = 3;
const COLUMNS = [
  ["batch/loss", "loss"],
  ["batch/loss_running", "Running mean"],
  ["batch/grad_norm", "Gradient norm"],
  ["batch/learning_rate", "Learning rate"],
];

/** Counts the fetches: a newer one ends those before it. */
let turn = 0;

/**
 * @typedef {object} Around what was shown
 * @property {number} step at which it began
 * @property {boolean} complete whether all steps after it were there
 * @property {{value: number, step: number} | null} lastFinite the last finite loss before it
 */

/**
 * Fetch and show them, unless they are asked for once more meanwhile.
 * @param {HTMLElement} section
 * @param {RunSeries} series
 * @param {number} step
 * @returns {Promise<Around | null>} null for an answer that comes too late
 */
export async function showSteps(section, series, step) {
  const columns = COLUMNS.filter(([name]) => series.has(name));
  const mine = ++turn;
  const found = await Promise.all(columns.map(([name]) => around(series, name, step)));
  if (mine !== turn) return null;
  const steps = [...new Set(found.flatMap((values) => [...values.keys()]))].sort((a, b) => a - b);
  const thinned = (series.exactFrom.get("batch/loss") ?? 0) > step;
  section.hidden = !steps.length && !thinned;
  const rows = steps.map((each) => row(each, step, found, series.ends));
  const heads = columns.map(([, words]) => words);
  fill(section, head(), thinned ? gone() : table(heads, rows, series.ends.length > 0));
  const loss = columns[0]?.[0] === "batch/loss" ? found[0] : new Map();
  return { step, complete: steps[steps.length - 1] === step + AFTER, lastFinite: lastFinite(loss, step) };
}

/**
 * @param {RunSeries} series
 * @param {string} name
 * @param {number} step
 * @returns {Promise<Map<number, number>>}
 */
async function around(series, name, step) {
  const { steps, values } = await get(`${series.path}/points`, {
    name,
    from: Math.max(0, step - BEFORE),
    to: step + AFTER,
  });
  return new Map(
    steps.map((/** @type {number} */ each, /** @type {number} */ i) => [each, Number(values[i])]),
  );
}

/**
 * @param {Map<number, number>} losses
 * @param {number} before
 */
function lastFinite(losses, before) {
  const finite = [...losses].filter(([step, value]) => step < before && Number.isFinite(value));
  const last = finite[finite.length - 1];
  return last ? { step: last[0], value: last[1] } : null;
}

function head() {
  return el(
    "div",
    { class: "cardhead" },
    el("h2", { id: "steps-title" }, "Steps around the failure"),
    el("span", { class: "sub" }, "exact values as the callback sent them"),
  );
}

function gone() {
  const words = "They are not kept any more: this run was thinned. The curves show where it failed.";
  return el("p", { class: "sub" }, words);
}

/**
 * @param {string[]} words
 * @param {HTMLElement[]} rows
 * @param {boolean} placed
 */
function table(words, rows, placed) {
  const heads = ["Step", ...(placed ? ["Epoch, batch"] : []), ...words].map((each) =>
    el("th", { scope: "col" }, each),
  );
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of exact values" },
    el("table", { class: "values" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows)),
  );
}

/**
 * @param {number} step
 * @param {number} first
 * @param {Map<number, number>[]} columns
 * @param {number[]} ends
 */
function row(step, first, columns, ends) {
  const place = placeOf(step, ends);
  const where = place ? [el("td", {}, `${integer(place.epoch)}, ${integer(place.batch)}`)] : [];
  const cells = columns.map((values) => cell(values.get(step)));
  return el(
    "tr",
    { class: step === first ? "first" : null },
    el("th", { scope: "row" }, integer(step)),
    ...where,
    ...cells,
  );
}

/** @param {number | undefined} value */
function cell(value) {
  const bad = value !== undefined && !Number.isFinite(value);
  return el("td", { class: bad ? "nonfinite" : null }, number(value ?? null, 6));
}
