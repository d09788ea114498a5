/**
 * Which runs are compared and how, as an address. Pure.
 * @module
 */

/** @typedef {"step" | "epoch" | "divergence"} Alignment */
/** @typedef {{runs: string[], align: Alignment, log: boolean}} Question */

/** More colours than these are not told apart. */
export const MOST_RUNS = 8;
/** @type {Alignment[]} */
export const ALIGNMENTS = ["step", "epoch", "divergence"];

/**
 * What the address asks for; what cannot be counts as not said.
 * @param {string} search
 * @returns {Question}
 */
export function questionOf(search) {
  const said = new URLSearchParams(search);
  const runs = (said.get("runs") ?? "").split(",").filter(Boolean);
  return {
    runs: [...new Set(runs)].slice(0, MOST_RUNS),
    align: ALIGNMENTS.find((align) => align === said.get("align")) ?? "step",
    log: said.get("log") === "1",
  };
}

/**
 * @param {Question} question
 * @returns {string}
 */
export function addressOf({ runs, align, log }) {
  const more = { ...(align === "step" ? {} : { align }), ...(log ? { log: "1" } : {}) };
  const query = new URLSearchParams(more).toString();
  return `/compare?runs=${runs.map(encodeURIComponent).join(",")}${query ? `&${query}` : ""}`;
}
