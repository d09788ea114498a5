/**
 * The page of all runs: fetch, filter, follow.
 * @module
 */

import { get, troubleWords } from "../api.js";
import { addressOf, MOST_RUNS } from "../compare/address.js";
import { byId, el, fill } from "../dom.js";
import { showBanner, showFavicon, showLive } from "../pills.js";
import { LiveStream } from "../stream.js";
import { byGravity } from "../words.js";
import { noneFits, noRuns } from "./empty.js";
import { countWords, filtered } from "./filter.js";
import { RunTable } from "./table.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").Alert} Alert */

const PAGE = 50;
const REFRESH_AGES_MS = 20_000;
/** @type {[import("./filter.js").Scope, string][]} */
const SCOPES = [
  ["all", "All"],
  ["running", "Running"],
  ["trouble", "With problems"],
];

const state = {
  /** @type {Map<string, Run>} */
  runs: new Map(),
  /** @type {Map<string, Alert>} the gravest open alert by run */
  alerts: new Map(),
  /** @type {string | null} */
  next: null,
  loaded: false,
  query: "",
  /** @type {import("./filter.js").Scope} */
  scope: "all",
};
/** @type {Set<string>} runs to compare, in the order in which they were ticked */
const picked = new Set();
const table = new RunTable((run) => state.alerts.get(run.id)?.symptom ?? null, pick);

/**
 * @param {Run} run
 * @param {boolean} chosen
 */
function pick(run, chosen) {
  if (chosen) picked.add(run.id);
  else picked.delete(run.id);
  const link = byId("compare");
  link.hidden = picked.size < 2;
  const first = picked.size > MOST_RUNS ? `the first ${MOST_RUNS} of ` : "";
  link.textContent = `Compare ${first}${picked.size} runs`;
  link.setAttribute("href", addressOf({ runs: [...picked], align: "step", log: false }));
}

function show() {
  const runs = [...state.runs.values()];
  const shown = filtered(runs, state.query, state.scope);
  byId("count").textContent = runs.length ? countWords(shown.length, runs.length, state.next !== null) : "";
  byId("more").hidden = state.next === null;
  showFavicon(runs.some((run) => run.state === "running" && run.health === "critical") ? "critical" : "ok");
  if (!state.loaded) return;
  if (shown.length) table.show(shown, Date.now());
  place(shown.length ? table.element : runs.length ? noneFits(showAll) : noRuns());
}

/** @param {HTMLElement} node */
function place(node) {
  const list = byId("list");
  if (list.firstElementChild?.className !== node.className) fill(list, node);
}

/** Fetch the newest page again; what was loaded further down stays. */
async function refetch() {
  try {
    const [{ runs, next }, { alerts }] = await Promise.all([
      get("/runs", { limit: PAGE }),
      get("/alerts", { limit: 200 }),
    ]);
    if (!state.loaded) state.next = next;
    state.loaded = true;
    runs.forEach(keep);
    alerts.forEach(keepAlert);
    showBanner(byId("banner"), null);
  } catch (error) {
    showBanner(byId("banner"), troubleWords(error));
  }
  show();
}

async function loadMore() {
  const { runs, next } = await get("/runs", { limit: PAGE, cursor: state.next });
  runs.forEach(keep);
  state.next = next;
  show();
}

/** @param {Run} run */
function keep(run) {
  state.runs.set(run.id, { ...state.runs.get(run.id), ...run });
}

/** @param {Alert} alert */
function keepAlert(alert) {
  const known = state.alerts.get(alert.run_id);
  state.alerts.set(alert.run_id, byGravity(known ? [known, alert] : [alert])[0]);
}

function mountScopes() {
  const buttons = SCOPES.map(([scope, words]) =>
    el(
      "button",
      { type: "button", "aria-pressed": scope === "all", "data-scope": scope, onclick: () => choose(scope) },
      words,
    ),
  );
  buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.scope === "all")));
  fill(byId("scope"), ...buttons);
}

/** @param {import("./filter.js").Scope} scope */
function choose(scope) {
  state.scope = scope;
  for (const button of byId("scope").children)
    button.setAttribute("aria-pressed", String(button.getAttribute("data-scope") === scope));
  show();
}

function mountFilter() {
  const input = /** @type {HTMLInputElement} */ (byId("filter"));
  input.addEventListener("input", () => {
    state.query = input.value;
    show();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || document.activeElement === input) return;
    event.preventDefault();
    input.focus();
  });
}

function showAll() {
  /** @type {HTMLInputElement} */ (byId("filter")).value = "";
  state.query = "";
  choose("all");
}

/** @param {import("../stream.js").StreamState} streamState */
function onState(streamState) {
  showLive(byId("live"), streamState);
  if (streamState === "lost") void refetch();
}

mountScopes();
mountFilter();
byId("more").addEventListener("click", () => void loadMore());
setInterval(show, REFRESH_AGES_MS);
new LiveStream("/api/v1/stream", {
  onOpen: () => void refetch(),
  onState,
  on: {
    run: (run) => (keep(run), show()),
    alert: (alert) => (keepAlert(alert), show()),
    deleted: ({ id }) => (state.runs.delete(id), show()),
  },
}).start();
