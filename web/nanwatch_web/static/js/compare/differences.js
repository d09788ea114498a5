/**
 * How runs went and in what they differ, as rows of a table. Pure.
 * @module
 */

import { secondsAt } from "../charts/axis.js";
import { placeOf } from "../charts/epochs.js";
import { duration, integer, num, number } from "../format.js";
import { flat } from "../run/facts.js";
import { seconds } from "../runs/filter.js";
import { stateWord } from "../words.js";

/** @typedef {import("./align.js").Compared} Compared */
/** @typedef {{name: string, values: string[]}} Row */

const MISSING = "–";
const FEW_S = 10;
const SHORTEST_S = 0.1; // steps are dated when they are written down, some 50 ms apart
const LAYER = /\blayers\./;

/**
 * How each run went.
 * @param {Compared[]} all
 * @returns {Row[]}
 */
export function outcomes(all) {
  const row = (/** @type {string} */ name, /** @type {(one: Compared) => string} */ told) => ({
    name,
    values: all.map(told),
  });
  return [
    row("State", ({ run }) => stateWord(run.state)),
    row("Steps", ({ run }) => (run.last_step === null ? MISSING : integer(run.last_step + 1))),
    row("Duration", ({ run }) => took(run)),
    row("First loss that is not finite", firstNan),
    row("Time to it", timeToNan),
    row("Last loss", ({ run }) => number(num(run.last_loss))),
    row("Best val_loss", ({ run }) => number(num(run.best_val_loss))),
  ];
}

/**
 * What is not the same in all runs; what is told of single layers last.
 * @param {(Record<string, unknown> | undefined)[]} values configuration or facts, a run each
 * @returns {Row[]}
 */
export function differences(values) {
  const told = values.map((each) => new Map(flat(renumbered(each ?? {}))));
  const names = [...new Set(told.flatMap((each) => [...each.keys()]))];
  return names
    .map((name) => ({ name, values: told.map((each) => each.get(name) ?? MISSING) }))
    .filter((row) => new Set(row.values).size > 1)
    .sort((a, b) => Number(LAYER.test(a.name)) - Number(LAYER.test(b.name)));
}

/**
 * With the names that Keras made counted from the beginning: it counts on through a whole program, so that
 * the same network is called dense_2 in one run and dense_4 in the next.
 * @param {Record<string, unknown>} values
 * @returns {Record<string, unknown>}
 */
export function renumbered(values) {
  /** @type {Map<string, string>} */
  const fresh = new Map();
  /** @type {Map<string, number>} */
  const seen = new Map();
  JSON.stringify(values, (_, each) => {
    const base = autoBase(each);
    if (base === null || fresh.has(nameOf(each))) return each;
    const n = seen.get(base) ?? 0;
    seen.set(base, n + 1);
    fresh.set(nameOf(each), n ? `${base}_${n}` : base);
    return each;
  });
  return JSON.parse(JSON.stringify(values, (_, each) => (typeof each === "string" ? (fresh.get(each) ?? each) : each)));
}

/**
 * What Keras makes a thing's name of, its class in snake case; null where the name is somebody's own.
 * @param {any} thing
 */
function autoBase(thing) {
  if (typeof thing?.class !== "string") return null;
  const base = nameOf(thing).replace(/_\d+$/, "");
  const snake = thing.class.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return base === snake ? base : null;
}

/**
 * @param {any} thing
 * @returns {string}
 */
function nameOf({ name, config }) {
  return String(name ?? config?.name ?? "");
}

/** @param {Compared} compared */
function timeToNan({ series, failedAt, clock }) {
  if (failedAt === null || series.startsWith("epoch/") || clock.steps.length < 2) return MISSING;
  const seconds = secondsAt(failedAt, clock) - clock.seconds[0];
  if (seconds < SHORTEST_S) return `less than ${SHORTEST_S} s`;
  return seconds < FEW_S ? `${number(seconds, 2)} s` : duration(seconds);
}

/** @param {Compared} compared */
function firstNan({ series, failedAt, ends }) {
  if (failedAt === null) return "none";
  if (series.startsWith("epoch/")) return `epoch ${integer(failedAt + 1)}`;
  const place = placeOf(failedAt, ends);
  const where = place ? `, epoch ${integer(place.epoch)}, batch ${integer(place.batch)}` : "";
  return `step ${integer(failedAt)}${where}`;
}

/** @param {import("../types").Run} run */
function took(run) {
  const words = duration(seconds(run, Date.now()));
  return run.state === "running" ? `${words} so far` : words;
}
