/**
 * The page that lays runs side by side: the only place where its parts meet.
 * @module
 */

import { get } from "../api.js";
import { empty, fromOverview } from "../charts/buckets.js";
import { endsOf } from "../charts/epochs.js";
import { palette } from "../charts/palette.js";
import { byId, el, fill } from "../dom.js";
import { showBanner } from "../pills.js";
import { THEME_CHANGED } from "../theme.js";
import { addressOf, questionOf } from "./address.js";
import { aligned } from "./align.js";
import { comparison } from "./figure.js";
import { chooseOthers, summaryOf, table, toolbar } from "./parts.js";

/** @typedef {import("./align.js").Compared} Compared */

const BUCKETS = 1000;
const MOST_EPOCHS = 50_000;
const LOSSES = ["batch/loss", "epoch/loss"];
const EPOCH_ENDS = "epoch/last_step";
const CONFIG = { displayModeBar: false, displaylogo: false, showAxisDragHandles: false };
const question = questionOf(location.search);
const plot = el("div", { class: "plot", role: "img" });
const note = el("p", { class: "sub", role: "status" });
/** @type {Compared[]} */
let all = [];

async function load() {
  const found = await Promise.allSettled(question.runs.map(compared));
  all = labelled(found.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])));
  const missing = question.runs.filter((_, i) => found[i].status === "rejected");
  showBanner(byId("banner"), missing.length ? `Not found or not reachable: ${missing.join(", ")}` : null);
  byId("toolbar").hidden = !all.length;
  if (!all.length) return fill(byId("body"), chooseOthers());
  fill(byId("toolbar"), ...toolbar(question, changed), note);
  const chart = el("figure", { class: "card chart big", "aria-label": "Losses" }, plot);
  fill(byId("body"), chart, table(all));
  return draw();
}

/**
 * @param {string} id
 * @returns {Promise<Compared>}
 */
async function compared(id) {
  const path = `/runs/${encodeURIComponent(id)}`;
  const [run, { series }] = await Promise.all([get(path), get(`${path}/series`)]);
  const names = series.map((/** @type {import("../types").SeriesInfo} */ info) => info.name);
  const name = LOSSES.find((each) => names.includes(each));
  const loss = name ? fromOverview(await get(`${path}/overview`, { name, buckets: BUCKETS })) : empty();
  const ends = names.includes(EPOCH_ENDS) ? await fetchEnds(path) : [];
  const failedAt = loss.nonfinite[0]?.step ?? null;
  return { run, label: run.name, series: name ?? LOSSES[0], loss, ends, failedAt };
}

/** @param {string} path */
async function fetchEnds(path) {
  const { steps, values } = await get(`${path}/points`, { name: EPOCH_ENDS, limit: MOST_EPOCHS });
  return endsOf(steps, values);
}

/**
 * Runs of one name are told apart by their ids.
 * @param {Compared[]} found
 */
function labelled(found) {
  const names = found.map(({ run }) => run.name);
  return found.map((each) =>
    names.filter((name) => name === each.label).length > 1
      ? { ...each, label: `${each.label} (${each.run.id})` }
      : each,
  );
}

function changed() {
  history.replaceState(null, "", addressOf(question));
  void draw();
}

async function draw() {
  const style = getComputedStyle(document.documentElement);
  const colours = all.map((_, i) => style.getPropertyValue(`--run-${i}`).trim());
  const placed = all.map((each) => aligned(each, question.align, question.log));
  const size = { width: plot.clientWidth, height: plot.clientHeight };
  const { data, layout } = comparison(placed, question, palette(), colours, size);
  const out = all.filter((_, i) => placed[i] === null).map(({ label }) => label);
  note.textContent = out.length ? `Without a place on this axis: ${out.join(", ")}` : "";
  plot.setAttribute("aria-label", summaryOf(all));
  await Plotly.react(plot, data, layout, CONFIG);
}

document.addEventListener(THEME_CHANGED, () => void draw());
addEventListener("resize", () => all.length && void draw());
void load();
