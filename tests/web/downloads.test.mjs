import assert from "node:assert/strict";
import { test } from "node:test";

import { bucketsCsv, pointsCsv, text } from "../../web/nanwatch_web/static/js/charts/csv.js";

test("points are written as they are, not rounded, with words for what is not finite", () => {
  const values = [0.1 + 0.2, 5e-324, "NaN", "-Infinity"];
  const written = pointsCsv([{ name: "batch/loss", steps: [0, 1, 2, 3], values }]);
  assert.deepEqual(written.split("\n"), [
    "series,step,value",
    "batch/loss,0,0.30000000000000004",
    "batch/loss,1,5e-324",
    "batch/loss,2,NaN",
    "batch/loss,3,-Infinity",
    "",
  ]);
});

test("points of several runs have the run before them", () => {
  const series = { run: '=a,"b"', name: "batch/loss", steps: [7], values: [0.5] };
  assert.equal(pointsCsv([series]), 'run,series,step,value\n"\'=a,""b""",batch/loss,7,0.5\n');
});

test("a bucket tells its steps, its counts and its extremes; without a finite value those are empty", () => {
  const overview = { from: [0, 8], to: [7, 9], n: [8, 2], n_nonfinite: [1, 2] };
  const values = { min: [-1, null], mean: [0.5, null], max: [3, null] };
  const written = bucketsCsv([{ name: "batch/loss", overview: { ...overview, ...values } }]);
  assert.deepEqual(written.split("\n").slice(1, 3), [
    "batch/loss,0,7,8,1,-1,0.5,3",
    "batch/loss,8,9,2,2,,,",
  ]);
});

for (const [name, field] of [
  ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "'\t=1"],
  ['=a,"b"', '"\'=a,""b"""'],
  ["a\nb", '"a\nb"'],
  ["batch/loss", "batch/loss"],
])
  test(`${JSON.stringify(name)} is no formula in a spreadsheet and one field`, () =>
    assert.equal(text(name), field));
