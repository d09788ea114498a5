/**
 * Which alerts the inbox shows, as its address says. Pure.
 * @module
 */

/** @typedef {import("../types").Alert} Alert */
/** @typedef {"open" | "acknowledged" | "resolved" | "all"} Standing */

/**
 * @typedef {object} Question
 * @property {Standing} state
 * @property {string} severity empty for any
 * @property {string} project empty for any
 * @property {string} run empty for any
 */

/** @type {Standing[]} */
export const STANDINGS = ["open", "acknowledged", "resolved", "all"];
export const SEVERITIES = ["critical", "warning"];

/**
 * What the address asks for; whatever it says that cannot be, counts as not said.
 * @param {string} search
 * @returns {Question}
 */
export function questionOf(search) {
  const said = new URLSearchParams(search);
  const severity = said.get("severity") ?? "";
  return {
    state: STANDINGS.find((each) => each === said.get("state")) ?? "open",
    severity: SEVERITIES.includes(severity) ? severity : "",
    project: said.get("project") ?? "",
    run: /^[A-Za-z0-9_-]{1,64}$/.test(said.get("run") ?? "") ? String(said.get("run")) : "",
  };
}

/**
 * The same as an address; what is usual is not said.
 * @param {Question} question
 */
export function addressOf({ state, ...rest }) {
  const told = Object.entries({ state: state === "open" ? "" : state, ...rest }).filter(([, value]) => value);
  return told.length ? `?${new URLSearchParams(told)}` : "";
}

/**
 * The question to the server.
 * @param {Question} question
 */
export function queryOf({ state, severity, project, run }) {
  return { state, severity: severity || null, project: project || null, run: run || null };
}

/**
 * Whether an alert that a live event tells of belongs into the list.
 * @param {Alert} alert
 * @param {Question} question
 */
export function fits(alert, { state, severity, project, run }) {
  return (
    (state === "all" || alert.state === state) &&
    (!severity || alert.severity === severity) &&
    (!project || alert.project === project) &&
    (!run || alert.run_id === run)
  );
}
