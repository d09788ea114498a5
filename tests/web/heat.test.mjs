import assert from "node:assert/strict";
import { test } from "node:test";

import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";
import { heatHeight, rowOf } from "../../web/nanwatch_web/static/js/charts/heat.js";
import { chartsFor } from "../../web/nanwatch_web/static/js/charts/groups.js";
import { newest, tailOf } from "../../web/nanwatch_web/static/js/charts/tail.js";

/** @param {number[]} steps @param {number[]} values */
function seen(steps, values) {
  const buckets = empty();
  append(buckets, steps, values);
  return buckets;
}

test("a cell is the largest power of ten in it, and holds until the next look", () => {
  const row = rowOf(seen([0, 10, 20], [1, 100, 10]), { from: 0, width: 5, n: 6 });
  assert.deepEqual(row.heat, [0, 0, 2, 2, 1, 1]);
});

test("what is not finite is marked apart, zero has no power", () => {
  const row = rowOf(seen([0, 1, 2, 3], [1, NaN, 0, Infinity]), { from: 0, width: 1, n: 4 });
  assert.deepEqual(row.heat, [0, null, null, null]);
  assert.deepEqual(row.bad, [null, 1, null, 1]);
});

test("a layer without any point is an empty row", () => {
  assert.deepEqual(rowOf(undefined, { from: 0, width: 1, n: 2 }), { heat: [null, null], bad: [null, null] });
});

test("many layers get a higher map, within bounds", () => {
  assert.ok(heatHeight(4) < heatHeight(30) && heatHeight(30) < heatHeight(500));
  assert.equal(heatHeight(500), heatHeight(5000));
});

test("measures of one array share a chart, and of the time of steps the speed is shown", () => {
  const charts = chartsFor(["batch/loss", "input/x/min", "input/x/max", "input/x/mean", "input/x/std", "time"]);
  assert.deepEqual(
    charts.map(({ id, lines }) => [id, lines.map(({ role }) => role)]),
    [
      ["key:loss", ["train"]],
      ["range:input/x", ["train", "edge", "edge", "spread"]],
      ["system:pace", ["train"]],
    ],
  );
});

test("side by side, loss and running mean share one scale", () => {
  const [loss, mean] = chartsFor(["batch/loss", "batch/loss_running", "epoch/val_loss"], true);
  assert.deepEqual([loss.lines.length, mean.lines.length], [2, 1]);
  assert.deepEqual([loss.ruler, mean.ruler], [mean.lines, loss.lines]);
  assert.ok(loss.big && mean.big);
});

test("the new end of a line begins at the last point that was drawn", () => {
  const column = [5, 6, 7, 8];
  const placed = { line: {}, marks: [{ step: 8 }, { step: 3 }], x: column, y: column, min: column, max: column, n: column, from: column, to: column };
  assert.deepEqual(tailOf(placed, 6)?.x, [6, 7, 8]);
  assert.deepEqual(tailOf(placed, 6)?.marks, [{ step: 8 }]);
  assert.equal(tailOf(placed, 8), null);
  assert.deepEqual(tailOf(placed, -1)?.x, column);
});

test("of a long series only its newest buckets are placed", () => {
  const last = newest(seen([0, 1, 2, 3, 4], [5, NaN, 3, NaN, 1]), 2);
  assert.deepEqual([last.from, last.mean], [[2, 3, 4], [3, null, 1]]);
  assert.deepEqual(last.nonfinite.map(({ step }) => step), [3]);
  assert.deepEqual(newest(seen([0, 1], [5, 4]), 7).from, [1]);
});
