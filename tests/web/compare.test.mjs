import assert from "node:assert/strict";
import { test } from "node:test";

import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";
import { addressOf, questionOf } from "../../web/nanwatch_web/static/js/compare/address.js";
import { aligned, commonUnit, stepsOf } from "../../web/nanwatch_web/static/js/compare/align.js";
import { differences, outcomes } from "../../web/nanwatch_web/static/js/compare/differences.js";

/**
 * @param {number[]} values
 * @param {object} [more]
 */
function compared(values, more = {}) {
  const loss = empty();
  append(
    loss,
    values.map((_, i) => i),
    values,
  );
  const failedAt = loss.nonfinite[0]?.step ?? null;
  return { run: {}, label: "a", series: "batch/loss", loss, ends: [1, 3], clock: { steps: [], seconds: [] }, failedAt, ...more };
}

test("a comparison comes back from its address", () => {
  const asked = { runs: ["a", "b,c", "d"], align: "divergence", log: true, logChosen: true, smoothing: 0, range: null };
  assert.equal(addressOf(asked), "/compare?runs=a,b%2Cc,d&align=divergence&log=1");
  assert.deepEqual(questionOf("?runs=a,d&align=divergence&log=1"), { ...asked, runs: ["a", "d"] });
});

test("what the address says that cannot be counts as not said", () => {
  assert.deepEqual(questionOf("?runs=,a,,a&align=moon&log=yes"), {
    runs: ["a"],
    align: "step",
    log: false,
    logChosen: false,
    smoothing: 0,
    range: null,
  });
  assert.equal(questionOf(`?runs=${[...Array(20).keys()].join(",")}`).runs.length, 8);
});

test("a window and its smoothing stand in the address", () => {
  const search = "?runs=a,b&align=divergence&smoothing=0.5&x=-20..5.5";
  assert.deepEqual(questionOf(search).range, [-20, 5.5]);
  assert.equal(addressOf(questionOf(search)), `/compare${search}`);
  for (const x of ["5..1", "a..b", "1..1e999", "7"]) assert.equal(questionOf(`?runs=a&x=${x}`).range, null);
});

test("time is counted from each run's first step, in the unit of the longest", () => {
  const short = compared([3, 2, 1], { clock: { steps: [0, 2], seconds: [1000, 1030] } });
  const long = compared([3, 2, 1], { clock: { steps: [0, 2], seconds: [5000, 5000 + 7200] } });
  const unit = commonUnit([short, long, compared([1])]);
  assert.deepEqual(unit, [60, "min"]);
  assert.deepEqual(aligned(short, "time", false, unit).x, [0, 0.25, 0.5]);
  assert.deepEqual(aligned(long, "time", false, unit).x, [0, 60, 120]);
  assert.equal(aligned(compared([1]), "time", false, unit), null);
  assert.deepEqual(stepsOf(long, "time", [0, 60], unit), [0, 1]);
});

test("a window on the shared axis leads back to each run's own steps", () => {
  const run = compared([3, 2, 1, NaN]);
  assert.deepEqual(stepsOf(run, "divergence", [-2, 0], [1, "s"]), [1, 3]);
  assert.deepEqual(stepsOf(run, "step", [-2, 2.2], [1, "s"]), [0, 3]);
  assert.equal(stepsOf(compared([3]), "divergence", [-2, 0], [1, "s"]), null);
});

test("at the divergence the first step that is not finite is 0, and a finite run has no place", () => {
  const placed = aligned(compared([3, 2, NaN, NaN]), "divergence", false);
  assert.deepEqual(placed.x, [-2, -1, 0, 1]);
  assert.equal(placed.marks[0].x, 0);
  assert.equal(aligned(compared([3, 2]), "divergence", false), null);
});

test("by epoch a run without known epochs has no place", () => {
  assert.deepEqual(aligned(compared([3, 2, 1, 0]), "epoch", false).x, [0.5, 1, 1.5, 2]);
  assert.equal(aligned(compared([3], { ends: [] }), "epoch", false), null);
});

test("only what is not the same in all runs is a difference, nested values too", () => {
  const rows = differences([{ lr: 0.1, opt: { name: "sgd", beta: 1 } }, { lr: 0.2, opt: { name: "sgd" } }]);
  assert.deepEqual(rows, [
    { name: "lr", values: ["0.1", "0.2"] },
    { name: "opt.beta", values: ["1", "–"] },
  ]);
  assert.deepEqual(differences([undefined, {}]), []);
});

test("the time to NaN is told with its epoch and batch", () => {
  const run = { state: "failed", last_step: 3, started_at: "2026-01-01T00:00:00Z", ended_at: null };
  const rows = outcomes([compared([3, 2, NaN], { run }), compared([1], { run })]);
  const nan = rows.find((row) => row.name === "First loss that is not finite");
  assert.deepEqual(nan?.values, ["step 2, epoch 2, batch 0", "none"]);
});

test("the time to NaN claims no more than the dates of steps tell", () => {
  const run = { state: "failed", last_step: 3, started_at: "2026-01-01T00:00:00Z", ended_at: null };
  const within = (s) => compared([3, 2, NaN], { run, clock: { steps: [0, 2], seconds: [100, 100 + s] } });
  const row = outcomes([within(0.002), within(7.5), within(90)]).find(({ name }) => name === "Time to it");
  assert.deepEqual(row?.values, ["less than 0.1 s", "7.5 s", "1 min 30 s"]);
});

test("numbers that Keras puts behind names as a program goes on make no difference", () => {
  const facts = (n) => ({
    model: { class: "Sequential", name: `sequential_${n}`, layers: [{ class: "Dense", name: `dense_${2 * n}` }, { class: "Dense", name: `dense_${2 * n + 1}` }] },
    optimizer: { class: "Adam", config: { name: `adam_${n}`, epsilon: n } },
    outputs: [{ name: "", layer: `dense_${2 * n + 1}` }],
  });
  assert.deepEqual(differences([facts(1), facts(2)]), [{ name: "optimizer.config.epsilon", values: ["1", "2"] }]);
  const own = (name) => ({ model: { class: "Sequential", name } });
  assert.deepEqual(differences([own("wide_1"), own("wide_2")])[0].values, ["wide_1", "wide_2"]);
});

test("what differs in single layers stands behind everything else", () => {
  const layers = (n) => ({ model: { layers: [{ name: "conv", class: "Conv2D", parameters: n }] }, optimizer: { class: `O${n}` } });
  assert.deepEqual(
    differences([layers(1), layers(2)]).map(({ name }) => name),
    ["optimizer.class", "model.layers.conv"],
  );
});
