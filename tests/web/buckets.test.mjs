import assert from "node:assert/strict";
import { test } from "node:test";

import {
  append,
  centres,
  condense,
  empty,
  fromOverview,
  lastFinite,
  within,
} from "../../web/nanwatch_web/static/js/charts/buckets.js";

const OVERVIEW = {
  from: [0, 10],
  to: [9, 19],
  min: [1, null],
  max: [3, null],
  mean: [2, null],
  n: [10, 10],
  nonfinite: [
    { step: 7, kind: "NaN" },
    { step: 8, kind: "NaN" },
    { step: 9, kind: "-Infinity" },
  ],
};

/** @param {number[]} values */
function grown(values) {
  const buckets = empty();
  append(
    buckets,
    values.map((_, i) => i),
    values,
  );
  return buckets;
}

test("the server's words for non-finite values become kinds", () => {
  assert.deepEqual(
    fromOverview(OVERVIEW)
      .nonfinite.slice(0, 3)
      .map((mark) => mark.kind),
    ["nan", "nan", "ninf"],
  );
});

test("a bucket without a finite value behind the list is marked at its first step", () => {
  assert.deepEqual(fromOverview(OVERVIEW).nonfinite.at(-1), { step: 10, kind: "ninf" });
});

test("a finite mean is drawn before the NaN at its bucket's end", () => {
  assert.equal(centres(fromOverview(OVERVIEW))[0], 3);
});

test("live points that were fetched already are not added twice", () => {
  const buckets = grown([1, 2, 3]);
  assert.equal(append(buckets, [1, 2, 3, 4], [2, 3, 9, 10]), 2);
  assert.deepEqual(buckets.mean, [1, 2, 3, 9, 10]);
});

test("a non-finite point is a gap and a mark, never a number", () => {
  const buckets = empty();
  append(buckets, [0, 1, 2], [1, "NaN", "-Infinity"]);
  assert.deepEqual(buckets.mean, [1, null, null]);
  assert.deepEqual(buckets.nonfinite, [
    { step: 1, kind: "nan" },
    { step: 2, kind: "ninf" },
  ]);
});

test("condensing keeps extremes, counts and the mean", () => {
  const values = Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const small = condense(grown(values), 100);
  assert.ok(small.from.length <= 100 && small.from.length >= 40);
  assert.equal(
    small.n.reduce((a, b) => a + b),
    1000,
  );
  assert.equal(Math.max(...small.max), Math.max(...values));
  const mean = small.mean.reduce((sum, each, i) => sum + each * small.n[i], 0) / 1000;
  assert.ok(Math.abs(mean - values.reduce((a, b) => a + b) / 1000) < 1e-12);
});

test("condensing never joins a finite bucket with a gap", () => {
  const values = Array.from({ length: 400 }, (_, i) => (i < 200 ? 1 : NaN));
  const small = condense(grown(values), 100);
  const last = small.mean.lastIndexOf(1);
  assert.equal(small.to[last], 199);
  assert.equal(small.nonfinite[0].step, 200);
});

test("few buckets stay as they are", () => {
  const buckets = grown([1, 2, 3]);
  assert.equal(condense(buckets, 10), buckets);
});

test("a window holds the buckets that touch it", () => {
  assert.deepEqual(within(grown([0, 1, 2, 3, 4]), 1, 3).from, [1, 2, 3]);
});

test("the last finite value is found behind a NaN", () => {
  assert.deepEqual(lastFinite(grown([5, 6, NaN])), { step: 1, value: 6 });
  assert.equal(lastFinite(empty()), null);
});
