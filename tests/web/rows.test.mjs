import assert from "node:assert/strict";
import { test } from "node:test";

import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";
import { rowsOf } from "../../web/nanwatch_web/static/js/charts/rows.js";

const LINE = { series: "batch/loss", role: "train", label: "loss" };

/** @param {number[]} values */
function rows(values) {
  const buckets = empty();
  append(buckets, [...values.keys()], values);
  return rowsOf([LINE], new Map([["batch/loss", buckets]]));
}

test("a table tells each point of a short curve, and what is not finite", () => {
  assert.deepEqual(rows([3, NaN]), [
    ["loss", "0", "3", "3", "3", ""],
    ["loss", "1", "–", "–", "–", "1"],
  ]);
  assert.deepEqual(rowsOf([LINE], new Map()), []);
});

test("a long curve is put together into rows that can be read, with its extremes", () => {
  const told = rows([...Array(1000).keys()].map((i) => (i === 500 ? 9000 : 1)));
  assert.ok(told.length <= 40 && told.length >= 15);
  assert.equal(told.filter((row) => row[4] === "9,000").length, 1);
  assert.match(told[0][1], /^0 to \d+$/);
});
