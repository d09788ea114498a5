/**
 * Which series share a chart, and in which order the charts stand. Pure.
 * @module
 */

/** @typedef {import("../types").ChartSpec} ChartSpec */
/** @typedef {import("../types").Line} Line */

const MANY_LAYERS = 24;
const NOT_DRAWN = new Set(["epoch/last_step"]);

/** @type {Record<string, {title: string, sub: string, log: boolean, rank: number}>} */
const KNOWN = {
  loss: { title: "Loss", sub: "", log: false, rank: 0 },
  grad_norm: { title: "Gradient norm", sub: "global, log scale", log: true, rank: 2 },
  learning_rate: { title: "Learning rate", sub: "", log: false, rank: 3 },
  update_ratio: { title: "Update ratio", sub: "update to weight, log scale", log: true, rank: 4 },
};
const METRIC_RANK = 1;
const LAYER_RANK = 5;
const OTHER_RANK = 6;

/**
 * The charts for these series.
 * @param {string[]} names
 * @returns {ChartSpec[]}
 */
export function chartsFor(names) {
  /** @type {Map<string, Line[]>} */
  const charts = new Map();
  for (const name of names.filter((each) => !NOT_DRAWN.has(each))) {
    const { chart, line } = lineOf(name);
    charts.set(chart, [...(charts.get(chart) ?? []), line]);
  }
  const specs = [...charts]
    .map(([chart, lines]) => specOf(chart, lines))
    .sort((a, b) => rankOf(a.id) - rankOf(b.id));
  return specs.map((spec, i) => ({ ...spec, big: i === 0 }));
}

/**
 * @param {string} name
 * @returns {{chart: string, line: Line}}
 */
function lineOf(name) {
  const [, kind, key] = /^(batch|epoch)\/(.+)$/s.exec(name) ?? [];
  const [, layer, quantity] = /^layer\/(.+)\/([^/]+)$/s.exec(name) ?? [];
  if (kind === "batch") return batchLine(name, key);
  if (kind === "epoch") return epochLine(name, key);
  if (layer) return { chart: `layer:${quantity}`, line: { series: name, role: "part", label: layer } };
  return { chart: `other:${name}`, line: { series: name, role: "train", label: name } };
}

/**
 * @param {string} name
 * @param {string} key
 * @returns {{chart: string, line: Line}}
 */
function batchLine(name, key) {
  const running = key.endsWith("_running");
  const chart = running ? key.slice(0, -"_running".length) : key;
  const label = running ? `${chart}, running mean` : key;
  return { chart: `key:${chart}`, line: { series: name, role: running ? "running" : "train", label } };
}

/**
 * @param {string} name
 * @param {string} key
 * @returns {{chart: string, line: Line}}
 */
function epochLine(name, key) {
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
  const known = group === "key" ? KNOWN[key] : undefined;
  const { title, sub, log } = known ?? { title: titleOf(key), sub: "", log: false };
  return { id: chart, title, sub, log, big: false, collapsed: false, lines: sorted };
}

/** @type {import("../types").Role[]} */
const ORDER = ["train", "running", "epoch", "val", "part"];

/**
 * @param {string} id
 * @param {string} quantity
 * @param {Line[]} lines
 * @returns {ChartSpec}
 */
function layerSpec(id, quantity, lines) {
  const title = `Layers: ${titleOf(quantity).toLowerCase()}`;
  const sub = `${lines.length} ${lines.length === 1 ? "layer" : "layers"}, log`;
  return { id, title, sub, log: true, big: false, collapsed: lines.length > MANY_LAYERS, lines };
}

/** @param {string} id */
function rankOf(id) {
  if (id.startsWith("layer:")) return LAYER_RANK;
  if (!id.startsWith("key:")) return OTHER_RANK;
  return KNOWN[id.slice("key:".length)]?.rank ?? METRIC_RANK;
}

/** @param {string} key */
function titleOf(key) {
  if (key === "grad_norm") return "Gradient norm";
  const [, whose, quantity] = /^(.+)\/([^/]+)$/s.exec(key) ?? [];
  const words = quantity ? `${whose.replace("/", " ")}: ${quantity}` : key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
