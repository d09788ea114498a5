/**
 * The page of all runs: fetch, filter, follow.
 * @module
 */

import { get, troubleWords, wordsOf } from "../api.js";
import { byId, fill } from "../dom.js";
import { showBanner, showFavicon, showLive } from "../pills.js";
import { LiveStream } from "../stream.js";
import { byGravity } from "../words.js";
import { Controls } from "./controls.js";
import { noneFits, noRuns } from "./empty.js";
import { countWords, filtered } from "./filter.js";
import { followKeys } from "./keys.js";
import { Runs } from "./loading.js";
import { Picked } from "./picked.js";
import { addressOf, questionOf } from "./question.js";
import { RunTable } from "./table.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").Alert} Alert */

const REFRESH_AGES_MS = 20_000;
/** Runs report every second, many at once: the list is put in order this often at most. */
const CALM_MS = 200;

const search = /** @type {HTMLInputElement} */ (byId("filter"));
const question = questionOf(location.search);
const runs = new Runs(showSoon);
/** @type {Map<string, Alert>} the gravest open alert by run */
const alerts = new Map();
const onError = (/** @type {unknown} */ error) => showBanner(byId("banner"), wordsOf(error));
const picked = new Picked(byId("picked"), runs.known, () => show(), onError);
const controls = new Controls(byId("scope"), byId("filters"), search, question, asked);
const table = new RunTable({
  alertOf: (run) => alerts.get(run.id) ?? null,
  isPicked: ({ id }) => picked.ids.has(id),
  onPick: (some, on) => picked.tick(some.map(({ id }) => id), on),
  choose: (chosen) => controls.choose(chosen),
  question,
  onError,
});
let timer = 0;

function asked() {
  history.replaceState(null, "", location.pathname + addressOf(question));
  table.rewind();
  show();
}

function showSoon() {
  if (!timer) timer = window.setTimeout(() => ((timer = 0), show()), CALM_MS);
}

function show() {
  const all = [...runs.known.values()];
  const shown = filtered(all, question, Date.now());
  controls.show(all);
  byId("count").textContent = all.length ? countWords(shown.length, all.length, runs.more) : "";
  showTrouble(all.filter((run) => run.state === "running" && run.health === "critical").length);
  if (!runs.loaded) return;
  picked.show();
  if (shown.length) table.show(shown, Date.now());
  place(shown.length ? table.element : all.length ? noneFits(() => controls.clear()) : noRuns());
}

/** @param {number} n running runs that are in danger: the tab tells it */
function showTrouble(n) {
  showFavicon(n ? "critical" : "ok");
  document.title = n ? `(${n}) Runs · nanwatch` : "Runs · nanwatch";
}

/** @param {HTMLElement} node */
function place(node) {
  const list = byId("list");
  if (list.firstElementChild?.className !== node.className) fill(list, node);
}

/** Fetch everything again: at the beginning, and when the stream was away. */
async function refetch() {
  try {
    const [{ alerts: found }] = await Promise.all([get("/alerts", { limit: 200 }), runs.load().then(show)]);
    found.forEach(keepAlert);
    showBanner(byId("banner"), null);
  } catch (error) {
    showBanner(byId("banner"), troubleWords(error));
  }
  show();
  await runs.rest;
}

/** @param {Alert} alert */
function keepAlert(alert) {
  const known = alerts.get(alert.run_id);
  alerts.set(alert.run_id, byGravity(known && known.id !== alert.id ? [known, alert] : [alert])[0]);
}

/** @param {string} id */
function forget(id) {
  runs.known.delete(id);
  picked.ids.delete(id);
  showSoon();
}

/** @param {import("../stream.js").StreamState} streamState */
function onState(streamState) {
  showLive(byId("live"), streamState);
  if (streamState === "lost") void refetch();
}

followKeys(byId("list"), search, {
  compare: () => picked.ids.size > 1 && picked.compare.click(),
  onRun: (row, key) => table.rows.get(row.dataset.run ?? "")?.act(key) ?? false,
});
setInterval(() => document.hidden || show(), REFRESH_AGES_MS);
new LiveStream(null, {
  onOpen: refetch,
  onState,
  on: {
    run: (run) => (runs.keep(run), showSoon()),
    alert: (alert) => (keepAlert(alert), showSoon()),
    deleted: ({ id }) => forget(id),
  },
}).start();
