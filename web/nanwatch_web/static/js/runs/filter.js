/**
 * Which runs the list shows. Pure.
 * @module
 */

/** @typedef {import("../types").Run} Run */
/** @typedef {"all" | "running" | "trouble"} Scope */

const TROUBLED_STATES = new Set(["failed", "lost", "hung"]);

/**
 * The runs in which every word of the query occurs, newest first.
 * @param {Run[]} runs
 * @param {string} query
 * @param {Scope} scope
 * @returns {Run[]}
 */
export function filtered(runs, query, scope) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return runs
    .filter((run) => inScope(run, scope) && words.every((word) => textOf(run).includes(word)))
    .sort(newestFirst);
}

/**
 * "12 runs", "3 of 12 runs".
 * @param {number} shown
 * @param {number} loaded
 * @param {boolean} more whether the server has further ones
 */
export function countWords(shown, loaded, more) {
  const all = `${loaded}${more ? " newest" : ""} ${loaded === 1 ? "run" : "runs"}`;
  return shown === loaded ? all : `${shown} of ${all}`;
}

/**
 * @param {Run} a
 * @param {Run} b
 */
function newestFirst(a, b) {
  return b.started_at.localeCompare(a.started_at) || b.id.localeCompare(a.id);
}

/** @param {Run} run */
function textOf(run) {
  return [run.name, run.project, run.state, run.health, ...run.tags].join("\n").toLowerCase();
}

/**
 * @param {Run} run
 * @param {Scope} scope
 */
function inScope(run, scope) {
  if (scope === "running") return run.state === "running";
  if (scope === "trouble")
    return run.health === "critical" || run.health === "warning" || TROUBLED_STATES.has(run.state);
  return true;
}
