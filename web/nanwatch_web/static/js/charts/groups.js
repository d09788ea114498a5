/**
 * Which series share a chart, and in which order the charts stand. Pure.
 * @module
 */

import { PACE, TIME } from "./pace.js";

/** @typedef {import("../types").ChartSpec} ChartSpec */
/** @typedef {import("../types").Line} Line */
/** @typedef {import("../types").Role} Role */
/** @typedef {{chart: string, line: Line}} Placing */

const MANY_LAYERS = 24;
const NOT_DRAWN = new Set(["epoch/last_step", TIME]);

/** @type {Record<string, {title: string, sub: string, log: boolean, rank: number}>} */
const KNOWN = {
  loss: { title: "Loss", sub: "", log: false, rank: 0 },
  grad_norm: { title: "Gradient norm", sub: "global, log scale", log: true, rank: 2 },
  learning_rate: { title: "Learning rate", sub: "", log: false, rank: 3 },
  update_ratio: { title: "Update ratio", sub: "update to weight, log scale", log: true, rank: 4 },
};
const SPEED = { title: "Speed", sub: "steps a second", log: false };
/** What a program logs of its machine under this name stands with the speed. */
const SYSTEM = /^(key|other):system\//;
const METRIC_RANK = 1;
const RANKS = { layer: 5, range: 6, other: 7, system: 8 };
/** @type {[number, string][]} from which rank on charts stand below which head; the first need none */
const GROUPS = [
  [8, "System"],
  [7, "Other series"],
  [6, "Data"],
  [5, "Layers"],
  [2, "Gradients and learning rate"],
  [0, ""],
];
/** Of the layers' quantities, the one in which an explosion is seen coming. */
const HEAT = "grad_norm";

/** @type {Record<string, Role>} the measures of an array */
const MEASURES = { max: "edge", mean: "train", min: "edge", std: "spread" };
const MEASURE = /^(.+)\/(min|max|mean|std)$/s;
/** @type {Role[]} */
const ORDER = ["train", "running", "epoch", "val", "part", "edge", "spread"];

/**
 * The charts for these series.
 * @param {string[]} names
 * @param {boolean} [beside] whether a running mean has a chart of its own
 * @returns {ChartSpec[]}
 */
export function chartsFor(names, beside = false) {
  /** @type {Map<string, Line[]>} */
  const charts = new Map();
  for (const name of names.filter((each) => !NOT_DRAWN.has(each))) {
    const { chart, line } = placingOf(name);
    charts.set(chart, [...(charts.get(chart) ?? []), line]);
  }
  if (names.includes(TIME)) charts.set(`system:${PACE}`, [{ series: PACE, role: "train", label: "steps a second" }]);
  const specs = [...charts]
    .map(([chart, lines]) => specOf(chart, lines))
    .sort((a, b) => rankOf(a.id) - rankOf(b.id));
  const all = specs.map((spec, i) => ({ ...spec, big: i === 0 }));
  return beside ? all.flatMap(apart) : all;
}

/**
 * A chart with a running mean as two of one scale: the true values, and the means.
 * @param {ChartSpec} spec
 * @returns {ChartSpec[]}
 */
function apart(spec) {
  const means = spec.lines.filter((line) => line.role === "running");
  const others = spec.lines.filter((line) => line.role !== "running");
  if (!means.length || !others.length) return [spec];
  const twin = { ...spec, id: `running:${spec.id}`, title: `${spec.title}, running mean`, sub: "as Keras prints it" };
  return [
    { ...spec, lines: others, ruler: means },
    { ...twin, lines: means, ruler: others },
  ];
}

/**
 * @param {string} name
 * @returns {Placing}
 */
function placingOf(name) {
  const [, kind, key] = /^(batch|epoch)\/(.+)$/s.exec(name) ?? [];
  const [, layer, quantity] = /^layer\/(.+)\/([^/]+)$/s.exec(name) ?? [];
  const [, whose, measure] = MEASURE.exec(name) ?? [];
  if (kind === "batch") return batchPlacing(name, key);
  if (kind === "epoch") return epochPlacing(name, key);
  if (layer) return { chart: `layer:${quantity}`, line: { series: name, role: "part", label: layer } };
  if (whose) return { chart: `range:${whose}`, line: { series: name, role: MEASURES[measure], label: measure } };
  return { chart: `other:${name}`, line: { series: name, role: "train", label: name } };
}

/**
 * @param {string} name
 * @param {string} key
 * @returns {Placing}
 */
function batchPlacing(name, key) {
  const running = key.endsWith("_running");
  const chart = running ? key.slice(0, -"_running".length) : key;
  const label = running ? `${chart}, running mean` : key;
  return { chart: `key:${chart}`, line: { series: name, role: running ? "running" : "train", label } };
}

/**
 * @param {string} name
 * @param {string} key
 * @returns {Placing}
 */
function epochPlacing(name, key) {
  const validation = key.startsWith("val_");
  const chart = validation ? key.slice("val_".length) : key;
  const label = validation ? key : `${key}, epoch`;
  return { chart: `key:${chart}`, line: { series: name, role: validation ? "val" : "epoch", label } };
}

/**
 * @param {string} chart
 * @param {Line[]} lines
 * @returns {ChartSpec}
 */
function specOf(chart, lines) {
  const [, group, key] = /^(\w+):(.+)$/s.exec(chart) ?? [chart, "other", chart];
  const sorted = [...lines].sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role));
  if (group === "layer") return layerSpec(chart, key, sorted);
  const known = group === "system" ? SPEED : group === "key" ? KNOWN[key] : undefined;
  const { title, log } = known ?? { title: titleOf(key), log: false };
  const sub = known?.sub ?? "";
  return { id: chart, title, sub, log, big: false, collapsed: false, lines: sorted, group: groupOf(chart) };
}

/**
 * @param {string} id
 * @param {string} quantity
 * @param {Line[]} lines
 * @returns {ChartSpec}
 */
function layerSpec(id, quantity, lines) {
  const title = `Layers: ${titleOf(quantity).toLowerCase()}`;
  const sub = `${lines.length} ${lines.length === 1 ? "layer" : "layers"}, log`;
  const heat = quantity === HEAT && lines.length > 1;
  const collapsed = lines.length > MANY_LAYERS;
  return { id, title, sub, log: true, big: false, collapsed, lines, heat, group: groupOf(id) };
}

/** @param {string} id */
function groupOf(id) {
  const rank = Math.ceil(rankOf(id));
  return GROUPS.find(([from]) => rank >= from)?.[1] ?? "";
}

/** @param {string} id */
function rankOf(id) {
  if (SYSTEM.test(id)) return RANKS.system;
  if (id.startsWith("key:")) return KNOWN[id.slice("key:".length)]?.rank ?? METRIC_RANK;
  const heat = id === `layer:${HEAT}` ? -0.5 : 0;
  return RANKS[/** @type {keyof typeof RANKS} */ (id.split(":")[0])] + heat;
}

/** @param {string} key */
function titleOf(key) {
  if (key === "grad_norm") return "Gradient norm";
  const [, whose, quantity] = /^(.+)\/([^/]+)$/s.exec(key) ?? [];
  const words = quantity ? `${whose.replace("/", " ")}: ${quantity}` : key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
