/**
 * Which runs are compared and how, as an address. Pure.
 * @module
 */

import { MOST_SMOOTHING } from "../run/address.js";

/** @typedef {"step" | "epoch" | "time" | "divergence"} Alignment */
/**
 * @typedef {object} Question
 * @property {string[]} runs ids
 * @property {Alignment} align
 * @property {boolean} log
 * @property {boolean} [logChosen] whether the reader chose it; until then the losses may ask for a log axis
 * @property {number} [smoothing] 0 is none
 * @property {[number, number] | null} [range] the window, in what the axis counts; null is all
 */

/** More colours than these are not told apart. */
export const MOST_RUNS = 8;
/** @type {Alignment[]} */
export const ALIGNMENTS = ["step", "epoch", "time", "divergence"];
const RANGE = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/;
const DIGITS = 3;

/**
 * What the address asks for; what cannot be counts as not said.
 * @param {string} search
 * @returns {Required<Question>}
 */
export function questionOf(search) {
  const said = new URLSearchParams(search);
  const runs = (said.get("runs") ?? "").split(",").filter(Boolean);
  const smoothing = Number(said.get("smoothing"));
  const log = said.get("log");
  return {
    runs: [...new Set(runs)].slice(0, MOST_RUNS),
    align: ALIGNMENTS.find((align) => align === said.get("align")) ?? "step",
    log: log === "1",
    logChosen: log === "0" || log === "1",
    smoothing: smoothing > 0 && smoothing <= MOST_SMOOTHING ? smoothing : 0,
    range: rangeOf(said.get("x")),
  };
}

/**
 * @param {Question} question
 * @returns {string}
 */
export function addressOf({ runs, align, log, logChosen, smoothing, range }) {
  const query = new URLSearchParams();
  if (align !== "step") query.set("align", align);
  if (logChosen) query.set("log", log ? "1" : "0");
  if (smoothing) query.set("smoothing", String(smoothing));
  if (range) query.set("x", range.map((end) => Number(end.toFixed(DIGITS))).join(".."));
  return `/compare?runs=${runs.map(encodeURIComponent).join(",")}${query.size ? `&${query}` : ""}`;
}

/**
 * @param {string | null} text "-20..5.5"
 * @returns {[number, number] | null}
 */
function rangeOf(text) {
  const [, from, to] = RANGE.exec(text ?? "") ?? [];
  const range = /** @type {[number, number]} */ ([Number(from), Number(to)]);
  return range[0] < range[1] && Math.abs(range[1]) <= Number.MAX_SAFE_INTEGER ? range : null;
}
