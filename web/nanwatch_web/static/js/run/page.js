/**
 * The page of one run: the only place where its parts meet.
 * @module
 */

import { ApiError, get, troubleWords } from "../api.js";
import { byId, fill } from "../dom.js";
import { num } from "../format.js";
import { showBanner, showLive } from "../pills.js";
import { LiveStream } from "../stream.js";
import { addressOf, viewOf } from "./address.js";
import { showAlerts } from "./alerts.js";
import { Board } from "./board.js";
import { calmCard } from "./calm.js";
import { openCard, showCards } from "./cards.js";
import { showConfig } from "./config.js";
import { diagnosisAt, failureOf, toldOf, withFaults } from "./failure.js";
import { showGone } from "./gone.js";
import { showFacts, showHead } from "./head.js";
import { Notes } from "./notes.js";
import { printWhole } from "./print.js";
import { RunSeries } from "./series.js";
import { showSteps } from "./steps.js";
import { byGravity, withoutEchoes } from "../words.js";
import { Toolbar } from "./toolbar.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {import("../types").Diagnosis} Diagnosis */
/** @typedef {import("../types").Run} Run */

const LOSS = "batch/loss";
const GRADIENT = "batch/grad_norm";
const BUCKETS = 500;
const FACTS_MS = 1000;
const STEPS_AROUND = 60;
const NEW_SERIES_MS = 400;
const ATTEMPT_MS = 3000;
const ADDRESS_MS = 300;

const runId = decodeURIComponent(location.pathname.split("/").filter(Boolean).pop() ?? "");
const path = `/runs/${encodeURIComponent(runId)}`;
const view = viewOf(location.search);
const series = new RunSeries(runId);
const state = {
  /** @type {Run | null} */
  run: null,
  /** @type {Diagnosis[]} */
  diagnoses: [],
  /** Whether it is known by now what was diagnosed. */
  judged: false,
  /** @type {Alert[]} */
  alerts: [],
  /** @type {Map<string, string>} */
  titles: new Map(),
  /** @type {import("./steps.js").Around | null} */
  around: null,
};
const name = () => state.run?.name ?? runId;
const board = new Board(byId("charts"), { series, view, failure, told, zoom, openCard: openCardAt, name, onError });
const notes = new Notes(byId("notes"), path);
const toolbar = new Toolbar(byId("toolbar"), view, showView, zoom);

/** What was found, with what the curves show of it. */
function found() {
  return withFaults(state.diagnoses, series.of(LOSS, false), series.of(GRADIENT, false));
}

function failure() {
  return failureOf(series.of(LOSS, false), series.of(GRADIENT, false), found());
}

function showView() {
  board.arrange();
  board.redraw();
  later("address", ADDRESS_MS, keepAddress);
}

/** A link to this page shows what is seen now. */
function keepAddress() {
  history.replaceState(null, "", location.pathname + addressOf(view) + location.hash);
}

/**
 * Show a window of steps in all charts; null for the whole run.
 * @param {[number, number] | null} range
 */
function zoom(range) {
  view.range = range && [Math.max(0, range[0]), range[1]];
  toolbar.showWindow(series.infos.length ? series.last() + 1 : 0);
  board.rezoom();
  later("address", ADDRESS_MS, keepAddress);
}

/** @param {number} step */
function zoomTo(step) {
  zoom([step - STEPS_AROUND, step + STEPS_AROUND]);
  byId("charts").scrollIntoView({ block: "nearest" });
}

/** What was diagnosed elsewhere than at the failure, which has a mark of its own. */
function told() {
  return toldOf(found(), failure()?.step ?? null);
}

/** @param {number} [step] the failure's, where none is given */
function openCardAt(step = failure()?.step) {
  const diagnosis = step === undefined ? null : diagnosisAt(state.diagnoses, step);
  if (diagnosis) openCard(diagnosis);
}

/** Fetch everything that the page shows; after this the stream keeps it fresh. */
async function refetch() {
  try {
    await Promise.all([fetchRun(), series.refresh()]);
    board.arrange();
    const telling = [LOSS, GRADIENT].filter((name) => series.has(name));
    await Promise.all([
      ...telling.map((name) => series.fetchWhole(name, BUCKETS)),
      board.reload(),
      fetchStory(),
    ]);
    if (view.range && view.range[0] > series.last()) zoom(null);
    showBanner(byId("banner"), null);
  } catch (error) {
    onError(error);
  }
  await showAll();
}

async function fetchRun() {
  state.run = await get(path);
  show();
}

async function fetchStory() {
  const [{ diagnoses }, { alerts }] = await Promise.all([
    get(`${path}/diagnoses`),
    get("/alerts", { run: runId, limit: 500 }),
  ]);
  state.diagnoses = byGravity(withoutEchoes(diagnoses));
  Object.assign(state, { alerts, judged: true });
  if (told().length) board.redraw();
}

/** Titles of causes are for people; without them the labels serve. */
async function fetchTitles() {
  const { causes } = await get("/causes");
  state.titles = new Map(
    causes.map((/** @type {{label: string, title: string}} */ cause) => [cause.label, cause.title]),
  );
  show();
}

function show() {
  if (!state.run) return;
  const diagnoses = found();
  showHead(state.run, diagnoses);
  byId("live").classList.toggle("ended", state.run.ended_at !== null);
  showCards(byId("cards"), diagnoses, {
    zoomTo,
    titleOf: (label) => state.titles.get(label) ?? null,
    alertOf: (id) => state.alerts.find((alert) => alert.id === id) ?? null,
    onAlert,
  });
  if (state.judged && !diagnoses.length && state.run.health === "ok") fill(byId("cards"), calmCard(state.run));
  showAlerts(byId("alerts"), state.run, state.alerts, diagnoses);
  notes.show(state.run.note);
  showNumbers();
}

function showNumbers() {
  if (!state.run) return;
  showFacts(state.run, {
    ends: series.ends,
    lastFinite: state.around?.lastFinite ?? null,
    bestVal: bestVal(),
  });
  toolbar.showWindow(series.infos.length ? series.last() + 1 : 0);
  toolbar.showThinned(series.exactFrom.get(LOSS));
  toolbar.offer(series);
  toolbar.offerRunning(series.infos.some(({ name }) => name.endsWith("_running")));
  toolbar.preferLog(board.prefersLog());
}

async function showAll() {
  show();
  if (!state.run) return;
  showConfig(byId("config"), state.run);
  const step = failure()?.step ?? null;
  if (step === null || !isNews(step)) return;
  state.around = (await showSteps(byId("steps"), series, step)) ?? state.around;
  showNumbers();
}

/**
 * Whether the steps around this one are not shown yet, or not all of them.
 * @param {number} step
 */
function isNews(step) {
  return state.around?.step !== step || !state.around.complete;
}

function bestVal() {
  const { mean, to } = series.of("epoch/val_loss", false);
  const best = num(state.run?.best_val_loss);
  const at = mean.indexOf(best);
  return best === null || at < 0 ? null : { value: best, epoch: to[at] };
}

/** @param {unknown} error */
function onError(error) {
  const gone = error instanceof ApiError && error.status === 404;
  showBanner(byId("banner"), gone ? null : troubleWords(error));
  if (!gone) return;
  state.run = null;
  showGone();
}

/** @param {{run_id: string, series: import("./series.js").LivePoints}} points */
function onPoints(points) {
  if (series.goesBack(points.series)) later("attempt", ATTEMPT_MS, () => void refetch());
  if (board.add(points.series)) newSeries();
  const step = failure()?.step ?? null;
  if (step !== null && isNews(step)) later("story", FACTS_MS, () => void showAll().catch(onError));
}

/** New series come in groups: ask once for all of them. */
function newSeries() {
  later(
    "series",
    NEW_SERIES_MS,
    () =>
      void series
        .refresh()
        .then(() => board.arrange())
        .catch(onError),
  );
}

/** @type {Map<string, number>} */
const timers = new Map();

/**
 * Do something soon, once, however often it is asked for meanwhile.
 * @param {string} name
 * @param {number} wait in milliseconds
 * @param {() => void} action
 */
function later(name, wait, action) {
  if (timers.has(name)) return;
  timers.set(
    name,
    window.setTimeout(() => (timers.delete(name), action()), wait),
  );
}

/** @param {Run} run */
function onRun(run) {
  if (run.id !== runId || !state.run) return;
  state.run = { ...state.run, ...run };
  if (run.ended_at) series.pace = 0;
  show();
}

/** @param {Diagnosis} diagnosis */
function onDiagnosis(diagnosis) {
  const others = state.diagnoses.filter((each) => each.id !== diagnosis.id);
  state.diagnoses = byGravity(withoutEchoes([...others, diagnosis]));
  board.redraw();
  void showAll();
}

/** @param {Alert} alert */
function onAlert(alert) {
  if (alert.run_id !== runId) return;
  state.alerts = [...state.alerts.filter((each) => each.id !== alert.id), alert];
  show();
}

/** @param {import("../stream.js").StreamState} streamState */
function onState(streamState) {
  showLive(byId("live"), streamState);
  if (streamState === "lost") void refetch();
}

printWhole(byId("print"), board);
setInterval(() => document.hidden || showNumbers(), FACTS_MS);
void fetchTitles().catch(onError);
new LiveStream(runId, {
  onOpen: refetch,
  onState,
  on: { run: onRun, points: onPoints, diagnosis: onDiagnosis, alert: onAlert },
}).start();
