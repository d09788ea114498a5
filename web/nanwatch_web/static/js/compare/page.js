/**
 * The page that lays runs side by side: the only place where its parts meet.
 * @module
 */

import { wordsOf } from "../api.js";
import { byId, el, fill, refresh } from "../dom.js";
import { showBanner, showLive } from "../pills.js";
import { LiveStream } from "../stream.js";
import { THEME_CHANGED } from "../theme.js";
import { addressOf, questionOf } from "./address.js";
import { commonUnit, hasPlace, stepsOf } from "./align.js";
import { CompareChart } from "./chart.js";
import { fetchPart, fetchRun, labelled } from "./loading.js";
import { chooseOthers, table, Toolbar } from "./parts.js";

/** @typedef {import("./align.js").Compared} Compared */

/** Runs that go on are fetched anew this often. */
const FOLLOW_MS = 2000;
const question = questionOf(location.search);
const toolbar = new Toolbar(question, changed);
const chart = new CompareChart(question, { zoom, onError });
const note = el("p", { class: "sub", role: "status" });
const reset = el("button", { type: "button", hidden: true, onclick: () => zoom(null) }, "Show all");
const shown = el("div", {});
/** @type {Set<string>} parts of the table that are seen whole */
const unfolded = new Set();
/** @type {Compared[]} */
let all = [];
/** @type {Map<string, import("../types").Buckets>} finer losses of the window, by run */
let parts = new Map();
/** @type {Set<string>} runs that went on */
const moved = new Set();
let timer = 0;

async function load() {
  const found = await Promise.allSettled(question.runs.map(fetchRun));
  all = labelled(found.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])));
  const missing = question.runs.filter((_, i) => found[i].status === "rejected");
  showBanner(byId("banner"), missing.length ? `Not found or not reachable: ${missing.join(", ")}` : null);
  byId("toolbar").hidden = !all.length;
  if (!all.length) {
    fill(byId("body"), chooseOthers());
    return;
  }
  if (!chart.element.isConnected) build();
  refresh(shown, [table(all, unfolded)]);
  await refine();
}

function build() {
  fill(byId("toolbar"), ...toolbar.nodes, note, el("div", { class: "grow" }), reset);
  fill(byId("body"), chart.element, shown);
}

/** Fetch what the window asks for, and draw. */
async function refine() {
  const { range, align } = question;
  const unit = commonUnit(all);
  const windows = all.map((each) => (range ? stepsOf(each, align, range, unit) : null));
  const finer = await Promise.all(
    all.map(async (each, i) => /** @type {const} */ ([each.run.id, windows[i] && (await fetchPart(each, windows[i]))])),
  );
  if (range !== question.range) return;
  parts = new Map(finer.flatMap(([id, loss]) => (loss ? [[id, loss]] : [])));
  await draw();
}

/** @param {[number, number] | null} range */
function zoom(range) {
  question.range = range;
  changed();
  if (range) void refine().catch(onError);
}

/** @param {unknown} error */
function onError(error) {
  showBanner(byId("banner"), wordsOf(error));
}

/** @param {boolean} [realigned] another axis: a window on the old one means nothing there */
function changed(realigned = false) {
  if (realigned) question.range = null;
  if (!question.range) parts = new Map();
  history.replaceState(null, "", addressOf(question));
  void draw().catch(onError);
}

async function draw() {
  chart.all = all.map((each) => ({ ...each, loss: parts.get(each.run.id) ?? each.loss }));
  if (!question.logChosen) toolbar.showLog(chart.prefersLog());
  const out = all.filter((each) => !hasPlace(each, question.align)).map(({ label }) => label);
  note.textContent = out.length ? `Without a place on this axis: ${out.join(", ")}` : "";
  reset.hidden = question.range === null;
  await chart.draw();
}

/** Fetch the runs that went on anew, all at once. */
async function follow() {
  timer = 0;
  const ids = [...moved];
  moved.clear();
  const fresh = await Promise.all(ids.map(fetchRun));
  const byIds = new Map(fresh.map((each) => [each.run.id, each]));
  all = labelled(all.map((each) => byIds.get(each.run.id) ?? each));
  refresh(shown, [table(all, unfolded)]);
  await refine();
}

/** @param {import("../types").Run} run */
function onRun(run) {
  if (!all.some((each) => each.run.id === run.id)) return;
  moved.add(run.id);
  if (!timer) timer = window.setTimeout(() => void follow().catch(() => {}), FOLLOW_MS);
}

document.addEventListener(THEME_CHANGED, () => all.length && void draw());
addEventListener("resize", () => all.length && void draw());
new LiveStream(null, {
  onOpen: load,
  onState: (state) => showLive(byId("live"), state),
  on: { run: onRun },
}).start();
