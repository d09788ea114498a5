import assert from "node:assert/strict";
import { test } from "node:test";

import { across, back, clockOf, countable, placeOfText } from "../../web/nanwatch_web/static/js/charts/axis.js";
import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";

const NONE = { steps: [], seconds: [] };

/** @param {number[]} steps @param {number[]} seconds */
function told(steps, seconds) {
  const time = empty();
  append(time, steps, seconds);
  return clockOf(time);
}

test("a step lies on the straight line between the two steps whose time is known", () => {
  const clock = told([0, 10, 20], [100, 110, 200]);
  const place = across("relative", { ends: [], clock });
  assert.deepEqual([0, 5, 10, 15, 20].map(place), [0, 5, 10, 55, 100]);
  assert.equal(place(22), 118, "behind the last one at the pace of the last ones");
});

test("every axis leads back to the step", () => {
  const scales = { ends: [9, 19, 29], clock: told([0, 7, 29], [1.7e9, 1.7e9 + 60, 1.7e9 + 7200]) };
  for (const x of ["step", "epoch", "time", "relative"])
    for (const step of [0, 3.5, 7, 20, 29])
      assert.ok(Math.abs(back(x, scales)(across(x, scales)(step)) - step) < 1e-4, `${x} ${step}`);
});

test("a bucket's extremes of time lie at its first and last step", () => {
  const time = { from: [0, 50], to: [49, 99], min: [10, 60], max: [59, 109], mean: [30, 80], n: [50, 50], nonfinite: [] };
  assert.deepEqual(clockOf(time), { steps: [0, 49, 50, 99], seconds: [10, 59, 60, 109] });
});

test("a clock that is set back stands still", () => {
  assert.deepEqual(told([0, 1, 2, 3], [10, 20, 5, 30]).seconds, [10, 20, 20, 30]);
});

test("a run that tells no times is drawn over steps", () => {
  assert.equal(countable("time", { ends: [], clock: NONE }), "step");
  assert.equal(countable("relative", { ends: [], clock: told([0], [1]) }), "step");
  assert.equal(countable("epoch", { ends: [], clock: NONE }), "step");
  assert.equal(across("time", { ends: [], clock: NONE })(7), 7);
});

test("the time of day is the viewer's own, as Plotly writes it", () => {
  const scales = { ends: [], clock: told([0, 100], [1.7e9, 1.7e9 + 100]) };
  const shown = new Date(across("time", scales)(40)).toISOString().replace("T", " ").replace("Z", "");
  const there = new Date(1.7e12 + 40_000);
  assert.equal(Number(shown.slice(11, 13)), there.getHours());
  assert.ok(Math.abs(back("time", scales)(placeOfText(shown)) - 40) < 1e-6);
});
