import assert from "node:assert/strict";
import { test } from "node:test";

import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";
import { addressOf, questionOf } from "../../web/nanwatch_web/static/js/compare/address.js";
import { aligned } from "../../web/nanwatch_web/static/js/compare/align.js";
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
  return { run: {}, label: "a", series: "batch/loss", loss, ends: [1, 3], failedAt, ...more };
}

test("a comparison comes back from its address", () => {
  const asked = { runs: ["a", "b,c", "d"], align: "divergence", log: true };
  assert.equal(addressOf(asked), "/compare?runs=a,b%2Cc,d&align=divergence&log=1");
  assert.deepEqual(questionOf("?runs=a,d&align=divergence&log=1"), { ...asked, runs: ["a", "d"] });
});

test("what the address says that cannot be counts as not said", () => {
  assert.deepEqual(questionOf("?runs=,a,,a&align=moon&log=yes"), { runs: ["a"], align: "step", log: false });
  assert.equal(questionOf(`?runs=${[...Array(20).keys()].join(",")}`).runs.length, 8);
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
