/**
 * What the head of the page says of a run. Pure.
 * @module
 */

import { bytes, duration, integer, num, number, plain } from "../format.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").Failure} Failure */
/** @typedef {{name: string, value: string, more?: string, href?: string, minor?: boolean}} Fact minor: also told in the configuration */
/** @typedef {Record<string, unknown>} Dict */

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
    ...[
      fact("Optimizer", optimizerWords(facts)),
      functionFact(facts.loss),
      fact("Precision", words(facts.policy)),
      fact("Batch size", words(facts.batch_size)),
      fact("Parameters", words(dict(facts.model).parameters)),
      fact("Host", words(facts.host)),
      fact("Versions", versionWords(facts)),
      fact("Stored", run.size_bytes === undefined ? null : bytes(run.size_bytes)),
    ].map((each) => each && { ...each, minor: true }),
  ];
  return all.filter((each) => each !== null);
}

/**
 * A nested value as lines of "a.b" and text, for the configuration section. Things of a list, such
 * as layers, get a line each, under their name where they have one.
 * @param {Record<string, unknown>} values
 * @param {string} [prefix]
 * @returns {[string, string][]}
 */
export function flat(values, prefix = "") {
  return Object.entries(values).flatMap(([key, value]) => {
    const name = prefix + key;
    if (isListOfThings(value)) return value.map((each, i) => thingLine(name, each, i));
    if (isDict(value) && Object.keys(value).length) return flat(value, `${name}.`);
    return [/** @type {[string, string]} */ ([name, plain(value)])];
  });
}

/**
 * @param {unknown} value
 * @returns {value is Dict}
 */
function isDict(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {value is Dict[]}
 */
function isListOfThings(value) {
  return Array.isArray(value) && value.length > 0 && value.every(isDict);
}

/**
 * @param {string} list
 * @param {Dict} thing
 * @param {number} i
 * @returns {[string, string]}
 */
function thingLine(list, { name, ...rest }, i) {
  const told = flat(rest)
    .filter(([, value]) => value !== "–" && value !== "")
    .map(([key, value]) => (key === "class" ? value : `${key} ${value}`));
  return [`${list}.${name || i}`, told.join(", ")];
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
  return {
    name: "Last finite loss",
    value: number(lastFinite.value),
    more: `at step ${integer(lastFinite.step)}`,
  };
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
 * @param {Dict} facts
 */
function epochWords(run, ends, facts) {
  const planned = words(facts.epochs);
  if (!ends.length && planned === null) return null;
  const begun = run.last_step !== null && run.last_step > (ends[ends.length - 1] ?? -1);
  const current = Math.max(1, ends.length + (begun ? 1 : 0));
  return planned === null
    ? integer(current)
    : `${integer(Math.min(current, Number(facts.epochs)))} of ${planned}`;
}

/**
 * @param {Run} run
 * @param {number} now
 */
function elapsed(run, now) {
  const end = run.ended_at ? new Date(run.ended_at).getTime() : now;
  return duration((end - new Date(run.started_at).getTime()) / 1000);
}

/** @param {Dict} facts */
function optimizerWords(facts) {
  const told = dict(facts.optimizer);
  const rate =
    typeof told.learning_rate === "number" ? number(told.learning_rate) : dict(told.schedule).class_name;
  return [words(told.class), rate].filter(Boolean).join(", ") || null;
}

/**
 * The loss function, with the way to its page where it is a single one of Keras.
 * @param {unknown} losses one entry an output
 * @returns {Fact | null}
 */
function functionFact(losses) {
  const all = Array.isArray(losses) ? losses : [losses];
  const named = new Set(all.map((loss) => words(isDict(loss) ? loss.class : loss)));
  const value = [...named].filter(Boolean).join(", ");
  if (!value) return null;
  const known = named.size === 1 && all.every((loss) => isDict(loss) && loss.custom === false);
  return known
    ? { name: "Loss", value, href: `/losses/${encodeURIComponent(value)}` }
    : { name: "Loss", value };
}

/** @param {Dict} facts */
function versionWords(facts) {
  const versions = dict(facts.versions);
  const found = ["keras", String(versions.backend)].filter((name) => name in versions);
  return found.length ? found.map((name) => `${name} ${versions[name]}`).join(", ") : null;
}

/**
 * @param {unknown} value
 * @returns {Dict} an empty one when the callback told nothing
 */
function dict(value) {
  return isDict(value) ? value : {};
}

/**
 * @param {unknown} value
 * @returns {string | null}
 */
function words(value) {
  return value === undefined || value === null || value === "" ? null : plain(value);
}
