/**
 * Which runs the list shows and in which order, as an address. Pure.
 * @module
 */

/** @typedef {"all" | "running" | "trouble"} Scope */
/** @typedef {"pinned" | "name" | "project" | "status" | "loss" | "best" | "step" | "took" | "when"} Column */
/**
 * @typedef {object} Question
 * @property {string} q words that must occur
 * @property {Scope} show
 * @property {string} state "" is any; so the others
 * @property {string} health
 * @property {string} project
 * @property {string} tag
 * @property {Column} sort
 * @property {boolean} up whether the smallest comes first
 */

export const FILTERS = /** @type {const} */ (["state", "health", "project", "tag"]);
const SCOPES = /** @type {Scope[]} */ (["all", "running", "trouble"]);
/** @type {Column[]} by which the list can be sorted */
export const SORTS = ["name", "project", "status", "loss", "best", "step", "took", "when"];

/**
 * What the address asks for; what cannot be counts as not said.
 * @param {string} search
 * @returns {Question}
 */
export function questionOf(search) {
  const said = new URLSearchParams(search);
  const [sort, way] = (said.get("sort") ?? "").split("-");
  const given = FILTERS.map((name) => [name, said.get(name) ?? ""]);
  return {
    .../** @type {Pick<Question, "state" | "health" | "project" | "tag">} */ (Object.fromEntries(given)),
    q: said.get("q") ?? "",
    show: SCOPES.find((each) => each === said.get("show")) ?? "all",
    sort: SORTS.find((each) => each === sort) ?? "when",
    up: way === "up",
  };
}

/**
 * @param {Question} question
 * @returns {string} the address' query, without what is usual
 */
export function addressOf(question) {
  const query = new URLSearchParams();
  if (question.q) query.set("q", question.q);
  if (question.show !== "all") query.set("show", question.show);
  for (const name of FILTERS) if (question[name]) query.set(name, question[name]);
  if (question.sort !== "when" || question.up) query.set("sort", question.sort + (question.up ? "-up" : ""));
  return query.size ? `?${query}` : "";
}

/**
 * Whether anything is left out.
 * @param {Question} question
 */
export function narrows(question) {
  return Boolean(question.q || question.show !== "all" || FILTERS.some((name) => question[name]));
}
