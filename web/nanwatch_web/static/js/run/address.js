/**
 * The view of the run page as an address, so that a link shows what its sender saw. Pure.
 * @module
 */

/** @typedef {import("../types").View} View */
/** @typedef {"band" | "running" | "ignoreOutliers"} Toggle */

export const MOST_SMOOTHING = 0.99;
const DIGITS = 2;
/** @type {import("../types").Across[]} */
export const AXES = ["step", "epoch", "time", "relative"];

/** @type {[Toggle, string][]} the ticks and their names in the address */
const TOGGLES = [
  ["band", "band"],
  ["running", "running"],
  ["ignoreOutliers", "outliers"],
];

/**
 * How a run is shown when nothing else is asked for.
 * @returns {View}
 */
export function defaultView() {
  return {
    x: "step",
    range: null,
    smoothing: 0,
    band: true,
    running: true,
    beside: false,
    ignoreOutliers: true,
    logY: false,
    logChosen: false,
  };
}

/**
 * What the address asks for; whatever it says that cannot be, counts as not said.
 * @param {string} search
 * @returns {View}
 */
export function viewOf(search) {
  const said = new URLSearchParams(search);
  const log = said.get("log");
  return {
    ...defaultView(),
    ...Object.fromEntries(TOGGLES.map(([key, name]) => [key, said.get(name) !== hidden(key)])),
    x: AXES.find((x) => x === said.get("x")) ?? "step",
    beside: said.get("running") === "beside",
    range: rangeOf(said.get("steps")),
    smoothing: smoothingOf(said.get("smoothing")),
    logY: log === "1",
    logChosen: log === "0" || log === "1",
  };
}

/**
 * What differs from the default, as an address.
 * @param {View} view
 * @returns {string}
 */
export function addressOf(view) {
  const query = new URLSearchParams();
  if (view.x !== "step") query.set("x", view.x);
  if (view.range) query.set("steps", view.range.map((step) => Number(step.toFixed(DIGITS))).join("-"));
  if (view.smoothing > 0) query.set("smoothing", String(view.smoothing));
  if (view.beside && view.running) query.set("running", "beside");
  for (const [key, name] of TOGGLES) if (!view[key]) query.set(name, hidden(key));
  if (view.logChosen) query.set("log", view.logY ? "1" : "0");
  return query.size ? `?${query}` : "";
}

/**
 * The word for a tick that was taken away: outliers are then shown.
 * @param {Toggle} key
 */
function hidden(key) {
  return key === "ignoreOutliers" ? "1" : "0";
}

/**
 * @param {string | null} text "37-120"
 * @returns {[number, number] | null}
 */
function rangeOf(text) {
  const [, from, to] = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text ?? "") ?? [];
  const range = /** @type {[number, number]} */ ([Number(from), Number(to)]);
  return range[0] < range[1] && range[1] <= Number.MAX_SAFE_INTEGER ? range : null;
}

/** @param {string | null} text */
function smoothingOf(text) {
  const value = Number(text);
  return value > 0 && value <= MOST_SMOOTHING ? value : 0;
}
