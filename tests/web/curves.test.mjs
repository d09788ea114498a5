import assert from "node:assert/strict";
import { test } from "node:test";

import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";
import { figure, xRange } from "../../web/nanwatch_web/static/js/charts/figure.js";
import { chartsFor } from "../../web/nanwatch_web/static/js/charts/groups.js";
import { paceOf } from "../../web/nanwatch_web/static/js/charts/pace.js";
import { smooth } from "../../web/nanwatch_web/static/js/charts/smoothing.js";
import { summary } from "../../web/nanwatch_web/static/js/charts/summary.js";

const VIEW = {
  x: "step",
  range: null,
  smoothing: 0,
  band: true,
  running: true,
  beside: false,
  ignoreOutliers: true,
  logY: false,
};
const PALETTE = new Proxy(
  { parts: ["#000000", "#ffffff"] },
  { get: (known, name) => known[name] ?? String(name) },
);
const LINE = { series: "batch/loss", role: "train", label: "loss" };
const SPEC = {
  id: "key:loss",
  title: "Loss",
  sub: "",
  log: false,
  big: true,
  collapsed: false,
  lines: [LINE],
};

/** @param {number[]} values */
function series(values) {
  const buckets = empty();
  append(
    buckets,
    values.map((_, i) => i),
    values,
  );
  return new Map([["batch/loss", buckets]]);
}

/**
 * @param {number[]} values
 * @param {object} [changes]
 */
function scene(values, changes = {}) {
  const extent = [0, values.length - 1];
  return {
    spec: SPEC,
    series: series(values),
    view: VIEW,
    extent,
    ends: [],
    clock: { steps: [], seconds: [] },
    failure: null,
    told: [],
    palette: PALETTE,
    size: { width: 800, height: 400 },
    ...changes,
  };
}

const named = (drawn, name) => drawn.data.find((trace) => trace.name === name);

test("every height drawn is a value that was sent", () => {
  const values = [3, 2, NaN, 1, Infinity, 2];
  const { y } = named(figure(scene(values)), "loss");
  assert.deepEqual(y, [3, 2, null, 1, null, 2]);
  assert.equal(named(figure(scene(values)), "loss").connectgaps, false);
});

test("NaN and infinity stand in rails of their own, at their own steps", () => {
  const drawn = figure(scene([3, 2, NaN, 1, Infinity, 2]));
  assert.deepEqual(named(drawn, "NaN").x, [2]);
  assert.deepEqual(named(drawn, "+Inf").x, [4]);
  assert.notEqual(named(drawn, "NaN").yaxis, named(drawn, "+Inf").yaxis);
  assert.equal(named(drawn, "−Inf"), undefined);
});

test("rails lie above the plot and do not overlap it", () => {
  const { layout } = figure(scene([3, 2, NaN, 1, Infinity, 2]));
  const rail = layout[`yaxis${named({ data: figure(scene([3, NaN])).data }, "NaN").yaxis.slice(1)}`];
  assert.ok(rail.domain[0] > layout.yaxis.domain[1]);
  assert.ok(rail.domain[1] <= 1);
});

test("a log axis has a rail for zero and less, and no height for it", () => {
  const drawn = figure(scene([3, 0, -1, 2], { view: { ...VIEW, logY: true } }));
  assert.deepEqual(named(drawn, "loss").y, [3, null, null, 2]);
  assert.deepEqual(named(drawn, "≤ 0").x, [1, 2]);
  assert.equal(drawn.layout.yaxis.type, "log");
});

test("the failure's line and band begin at its exact step", () => {
  const failure = { step: 2, label: "NaN from step 2", lasting: true };
  const { layout } = figure(scene([3, 2, NaN, NaN], { failure }));
  const shape = (name) => layout.shapes.find((each) => each.name === name);
  assert.equal(shape("failure").x0, 2);
  assert.equal(shape("failure band").x0, 2);
  assert.match(layout.annotations[0].text, /NaN from step 2/);
});

test("a chart without a value says so", () => {
  const words = (values, changes) => figure(scene(values, changes)).layout.annotations.map(({ text }) => text);
  assert.deepEqual(words([]), ["No values here"]);
  assert.deepEqual(words([1, 2, 3], { view: { ...VIEW, range: [8, 9] } }), ["No values here"]);
  assert.deepEqual(words([NaN]), []);
});

test("a spike beyond the scale becomes an arrow with its true value", () => {
  const values = Array.from({ length: 200 }, (_, i) => (i === 100 ? 1000 : 1 + (i % 7) / 10));
  const drawn = figure(scene(values));
  assert.ok(drawn.layout.yaxis.range[1] < 3);
  assert.deepEqual(named(drawn, "off scale").customdata, [1000]);
  assert.deepEqual(drawn.hidden, { n: 1, furthest: 1000 });
  assert.equal(named(drawn, "loss").y[100], 1000);
});

test("an arrow says its value, unless there are many of them", () => {
  const spiky = (n) => Array.from({ length: 400 }, (_, i) => (i % 40 === 20 && i < 40 * n ? 1000 + i : 1 + (i % 7) / 10));
  const few = named(figure(scene(spiky(2))), "off scale");
  assert.deepEqual([few.mode, few.text], ["markers+text", ["1,020", "1,060"]]);
  assert.equal(named(figure(scene(spiky(6))), "off scale").mode, "markers");
});

test("values that hardly differ are drawn as flat as they are", () => {
  const { range, ticktext } = figure(scene([2.7027027, 2.7027028, 2.7027026])).layout.yaxis;
  assert.ok(range[1] - range[0] > 0.002 && range[0] < 2.7027026 && range[1] > 2.7027028);
  assert.ok(ticktext.every((words) => words.length < 8));
});

test("without ignoring outliers nothing is hidden", () => {
  const values = Array.from({ length: 200 }, (_, i) => (i === 100 ? 1000 : 1));
  const drawn = figure(scene(values, { view: { ...VIEW, ignoreOutliers: false } }));
  assert.equal(drawn.hidden, null);
  assert.ok(drawn.layout.yaxis.range[1] >= 1000);
});

test("the envelope has a hole where the values have one", () => {
  const drawn = figure(scene([1, 2, NaN, NaN, 3, 4]));
  const { x } = named(drawn, "min–max");
  assert.deepEqual(x, [0, 1, 1, 0, null, 4, 5, 5, 4, null]);
});

test("validation stands at the step where its epoch ended", () => {
  const all = series([1, 1, 1, 1]);
  const val = empty();
  append(val, [0, 1], [9, 8]);
  all.set("epoch/val_loss", val);
  const lines = [LINE, { series: "epoch/val_loss", role: "val", label: "val_loss" }];
  const drawn = figure(scene([1, 1, 1, 1], { spec: { ...SPEC, lines }, series: all, ends: [1, 3] }));
  assert.deepEqual(named(drawn, "val_loss").x, [1, 3]);
});

test("by epoch the axis counts the epochs done", () => {
  assert.deepEqual(
    xRange({ view: { ...VIEW, x: "epoch", range: [1, 3] }, extent: [0, 3], ends: [1, 3] }),
    [1, 2],
  );
});

test("a name that looks like markup stays text for Plotly", () => {
  const lines = [{ ...LINE, label: '<a href="https://x.example">l</a>' }];
  const drawn = figure(scene([1, 2], { spec: { ...SPEC, lines } }));
  assert.ok(drawn.data.every((trace) => !String(trace.name).includes("<")));
});

test("smoothing is unbiased at the start and skips gaps", () => {
  assert.deepEqual(
    smooth([4, null, 4], [1, 1, 1], 0.9).map((v) => v && Math.round(v * 1e9) / 1e9),
    [4, null, 4],
  );
  assert.deepEqual(smooth([1, 2], [1, 1], 0), [1, 2]);
});

test("smoothing weighs a bucket of n points like n points", () => {
  const single = smooth([0, 6, 6, 6, 6], [1, 1, 1, 1, 1], 0.8).at(-1);
  const bucket = smooth([0, 6], [1, 4], 0.8).at(-1);
  assert.ok(Math.abs(single - bucket) < 1e-12);
});

test("training, running mean, epoch and validation share a chart, loss first", () => {
  const names = [
    "epoch/last_step",
    "layer/dense/grad_norm",
    "batch/grad_norm",
    "epoch/val_loss",
    "batch/accuracy",
    "epoch/val_accuracy",
    "batch/loss_running",
    "batch/loss",
    "system/gpu",
  ];
  const charts = chartsFor(names);
  assert.deepEqual(
    charts.map((chart) => chart.title),
    ["Loss", "Accuracy", "Gradient norm", "Layers: gradient norm", "System: gpu"],
  );
  assert.deepEqual(
    charts[0].lines.map((line) => line.role),
    ["train", "running", "val"],
  );
  assert.deepEqual(
    charts.map((chart) => chart.big),
    [true, false, false, false, false],
  );
  assert.ok(charts[2].log);
});

test("charts stand in groups: loss and metrics, gradients, layers, data, others, system", () => {
  const names = ["time", "batch/system/gpu", "input/x/mean", "layer/a/grad_norm", "custom", "batch/learning_rate", "batch/acc", "batch/loss"];
  const found = chartsFor(names).map(({ group, title }) => `${group}: ${title}`);
  assert.deepEqual(found, [
    ": Loss",
    ": Acc",
    "Gradients and learning rate: Learning rate",
    "Layers: Layers: gradient norm",
    "Data: Input: x",
    "Other series: Custom",
    "System: System: gpu",
    "System: Speed",
  ]);
});

test("the speed is told from moment to moment, and not over none", () => {
  const time = empty();
  append(time, [0, 10, 11, 40], [100, 101, 101.1, 104]);
  const pace = paceOf(time);
  assert.deepEqual([pace.from, pace.to, pace.n, pace.mean], [[0, 10], [10, 40], [10, 30], [10, 10]]);
  assert.deepEqual(paceOf(empty()), empty());
});

test("layers share one chart, which folds away when there are many", () => {
  const names = Array.from({ length: 30 }, (_, i) => `layer/block/${i}/grad_norm`);
  const [chart] = chartsFor(names);
  assert.equal(chart.lines.length, 30);
  assert.equal(chart.lines[3].label, "block/3");
  assert.ok(chart.collapsed);
});

test("a chart's summary tells range and failure in words", () => {
  const words = summary(SPEC, series([3, 1, NaN]), { step: 2, label: "", lasting: true });
  assert.equal(words, "Loss. loss: from 3 to 1, lowest 1, highest 3, NaN at 2. The run failed at step 2.");
});

test("what was told elsewhere than at the failure has a rail of marks, on the large chart alone", () => {
  const told = [{ step: 1, words: "Loss jumps at step 1" }, { step: 9, words: "beyond the window" }];
  const view = { ...VIEW, range: [0, 3] };
  const marks = named(figure(scene([3, 2, 1, 0.5], { told, view })), "Alerts");
  assert.deepEqual([marks.x, marks.customdata, marks.text], [[1], [1], ["Loss jumps at step 1"]]);
  assert.notEqual(marks.yaxis, undefined);
  const small = { ...SPEC, big: false };
  assert.equal(named(figure(scene([3, 2, 1, 0.5], { told, view, spec: small })), "Alerts"), undefined);
});
