/**
 * Which runs the list shows, and in which order. Pure.
 * @module
 */

import { integer, num } from "../format.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("./question.js").Question} Question */

const TROUBLED_STATES = new Set(["failed", "lost", "hung"]);

/** @type {Record<string, (run: Run, now: number) => string | number | null>} what a column is sorted by */
const KEYS = {
  name: (run) => run.name.toLowerCase(),
  project: (run) => run.project.toLowerCase(),
  status: (run) => run.state,
  loss: (run) => num(run.last_loss),
  best: (run) => num(run.best_val_loss),
  step: (run) => run.last_step,
  took: seconds,
  when: (run) => run.started_at,
};

/**
 * The runs that fit the question: those that are pinned first, then as it asks.
 * @param {Run[]} runs
 * @param {Question} question
 * @param {number} now milliseconds since 1970
 * @returns {Run[]}
 */
export function filtered(runs, question, now) {
  const words = question.q.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = runs.filter((run) => fits(run, question) && words.every((word) => textOf(run).includes(word)));
  const key = KEYS[question.sort];
  const keyed = kept.map((run) => ({ run, key: key(run, now) }));
  const way = question.up ? 1 : -1;
  keyed.sort(
    (a, b) =>
      Number(b.run.pinned) - Number(a.run.pinned) ||
      compare(a.key, b.key, way) ||
      compare(a.run.started_at, b.run.started_at, -1) ||
      compare(a.run.id, b.run.id, -1),
  );
  return keyed.map(({ run }) => run);
}

/**
 * "12 runs", "3 of 12 runs".
 * @param {number} shown
 * @param {number} loaded
 * @param {boolean} more whether the server has further ones
 */
export function countWords(shown, loaded, more) {
  const all = `${integer(loaded)}${more ? " newest" : ""} ${loaded === 1 ? "run" : "runs"}`;
  return shown === loaded ? all : `${integer(shown)} of ${all}`;
}

/**
 * How long a run has been going, or went; null for one that fell silent: nobody knows.
 * @param {Run} run
 * @param {number} now milliseconds since 1970
 */
export function seconds(run, now) {
  const going = run.state === "running" || run.state === "hung";
  const end = run.ended_at ? Date.parse(run.ended_at) : going ? now : Date.parse(run.updated_at);
  return Math.max(0, (end - Date.parse(run.started_at)) / 1000);
}

/**
 * What is missing, or no number, comes last whatever the order.
 * @param {string | number | null} a
 * @param {string | number | null} b
 * @param {number} way
 */
function compare(a, b, way) {
  const [first, second] = [isMissing(a), isMissing(b)];
  if (first || second) return Number(first) - Number(second);
  if (a === b) return 0;
  return way * (/** @type {any} */ (a) < /** @type {any} */ (b) ? -1 : 1);
}

/** @param {string | number | null} value */
function isMissing(value) {
  return value === null || Number.isNaN(value);
}

/** @type {WeakMap<Run, string>} made once a run: it is read with every letter that is typed */
const texts = new WeakMap();

/** @param {Run} run */
function textOf(run) {
  const { name, project, state, health, note, tags } = run;
  const text = texts.get(run) ?? [name, project, state, health, note, ...tags].join("\n").toLowerCase();
  texts.set(run, text);
  return text;
}

/**
 * @param {Run} run
 * @param {Question} question
 */
function fits(run, { show, state, health, project, tag }) {
  return (
    inScope(run, show) &&
    (!state || run.state === state) &&
    (!health || run.health === health) &&
    (!project || run.project === project) &&
    (!tag || run.tags.includes(tag))
  );
}

/**
 * @param {Run} run
 * @param {Question["show"]} scope
 */
function inScope(run, scope) {
  if (scope === "running") return run.state === "running";
  if (scope === "trouble")
    return run.health === "critical" || run.health === "warning" || TROUBLED_STATES.has(run.state);
  return true;
}
