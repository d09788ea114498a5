/**
 * What the head of the page says of a run. Pure.
 * @module
 */

import { duration, integer, num, number, plain } from "../format.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").Failure} Failure */
/** @typedef {{name: string, value: string, more?: string}} Fact */

/**
 * @typedef {object} Known what the curves tell beside the run itself
 * @property {number[]} ends last step of each epoch
 * @property {{value: number, step: number} | null} lastFinite
 * @property {{value: number, epoch: number} | null} bestVal
 */

/**
 * The facts in the order in which people ask for them; those unknown are left out.
 * @param {Run} run
 * @param {Known} known
 * @param {number} now milliseconds since 1970
 * @returns {Fact[]}
 */
export function headFacts(run, known, now) {
  const facts = run.facts ?? {};
  const all = [
    fact("Epoch", epochWords(run, known.ends, facts)),
    fact("Step", run.last_step === null ? null : integer(run.last_step)),
    lossFact(run, known),
    bestFact(run, known),
    fact("Elapsed", elapsed(run, now)),
    fact("Optimizer", optimizerWords(facts)),
    fact("Loss", nameOf(facts.loss)),
    fact("Precision", nameOf(pick(facts, "policy", "dtype_policy", "precision"))),
    fact("Batch size", plainOrNull(pick(facts, "batch_size"))),
    fact("Parameters", plainOrNull(pick(facts, "parameters", "n_parameters", "params"))),
    fact("Host", nameOf(pick(facts, "host", "hostname"))),
    fact("Versions", versionWords(facts)),
  ];
  return all.filter((each) => each !== null);
}

/**
 * A nested value as lines of "a.b" and text, for the configuration section.
 * @param {Record<string, unknown>} values
 * @param {string} [prefix]
 * @returns {[string, string][]}
 */
export function flat(values, prefix = "") {
  return Object.entries(values).flatMap(([key, value]) => {
    const name = prefix + key;
    const nested = typeof value === "object" && value !== null && !Array.isArray(value);
    if (nested && Object.keys(value).length) return flat(/** @type {Record<string, unknown>} */ (value), `${name}.`);
    return [/** @type {[string, string]} */ ([name, plain(value)])];
  });
}

/**
 * A layer, loss or optimizer by its name, however much the callback told of it.
 * @param {unknown} value
 * @returns {string | null}
 */
export function nameOf(value) {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value !== "object") return String(value);
  const told = /** @type {Record<string, unknown>} */ (value);
  const name = told.name ?? told.class ?? told.class_name;
  return name === undefined ? null : String(name);
}

/**
 * @param {string} name
 * @param {string | null} value
 * @returns {Fact | null}
 */
function fact(name, value) {
  return value === null ? null : { name, value };
}

/**
 * @param {Run} run
 * @param {Known} known
 * @returns {Fact | null}
 */
function lossFact(run, { lastFinite }) {
  const last = num(run.last_loss);
  if (last === null) return null;
  if (Number.isFinite(last)) return { name: "Last loss", value: number(last) };
  if (!lastFinite) return { name: "Last loss", value: number(last) };
  return { name: "Last finite loss", value: number(lastFinite.value), more: `at step ${integer(lastFinite.step)}` };
}

/**
 * @param {Run} run
 * @param {Known} known
 * @returns {Fact | null}
 */
function bestFact(run, { bestVal }) {
  const best = num(run.best_val_loss);
  if (best === null) return null;
  const more = bestVal && bestVal.value === best ? `epoch ${integer(bestVal.epoch + 1)}` : "";
  return { name: "Best val_loss", value: number(best), more };
}

/**
 * @param {Run} run
 * @param {number[]} ends
 * @param {Record<string, unknown>} facts
 */
function epochWords(run, ends, facts) {
  const planned = pick(facts, "epochs");
  if (!ends.length && planned === undefined) return null;
  const begun = run.last_step !== null && run.last_step > (ends[ends.length - 1] ?? -1);
  const current = Math.max(1, ends.length + (begun ? 1 : 0));
  return planned === undefined ? integer(current) : `${integer(Math.min(current, Number(planned)))} of ${plain(planned)}`;
}

/**
 * @param {Run} run
 * @param {number} now
 */
function elapsed(run, now) {
  const end = run.ended_at ? new Date(run.ended_at).getTime() : now;
  return duration((end - new Date(run.started_at).getTime()) / 1000);
}

/** @param {Record<string, unknown>} facts */
function optimizerWords(facts) {
  const name = nameOf(facts.optimizer);
  if (name === null) return null;
  const told = /** @type {Record<string, any>} */ (typeof facts.optimizer === "object" ? facts.optimizer : {});
  const rate = told?.learning_rate ?? told?.config?.learning_rate ?? facts.learning_rate;
  return typeof rate === "number" ? `${told?.class ?? name}, ${number(rate)}` : String(told?.class ?? name);
}

/** @param {Record<string, unknown>} facts */
function versionWords(facts) {
  const versions = facts.versions;
  if (typeof versions !== "object" || versions === null) return null;
  const wanted = ["keras", "tensorflow", "jax", "torch"];
  const found = Object.entries(versions).filter(([name]) => wanted.includes(name));
  return found.length ? found.map(([name, version]) => `${name} ${version}`).join(", ") : null;
}

/**
 * @param {Record<string, unknown>} facts
 * @param {...string} names
 */
function pick(facts, ...names) {
  return names.map((name) => facts[name]).find((value) => value !== undefined && value !== null);
}

/** @param {unknown} value */
function plainOrNull(value) {
  return value === undefined || typeof value === "object" ? null : plain(value);
}
