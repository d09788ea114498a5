import assert from "node:assert/strict";
import { test } from "node:test";

import {
  attemptLabels,
  attemptShapes,
  attemptWords,
  earlierLines,
  earlierTrace,
} from "../../web/nanwatch_web/static/js/charts/attempts.js";
import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";

const VIEW = { x: "step", range: null };
const PALETTE = new Proxy({ parts: ["#000000"] }, { get: (known, name) => known[name] ?? String(name) });
const LOSS = { series: "batch/loss", role: "train", label: "loss" };
const RUNNING = { series: "batch/loss_running", role: "running", label: "running" };
const ATTEMPTS = [
  { attempt: 0, from: 0, to: 9, n: 10 },
  { attempt: 1, from: 5, to: 19, n: 15 },
];

/** A chart of a run that was taken up again at step 5. */
function scene(changes = {}) {
  const buckets = empty();
  append(buckets, [0, 1, 2], [3, "NaN", 1]);
  const known = { attempts: ATTEMPTS, buckets: new Map([[0, buckets]]) };
  return {
    spec: { big: true, lines: [LOSS, RUNNING] },
    view: VIEW,
    extent: [0, 19],
    ends: [],
    clock: { steps: [], seconds: [] },
    palette: PALETTE,
    earlier: new Map(["batch/loss", "batch/loss_running"].map((name) => [name, known])),
    ...changes,
  };
}

test("what was said before is a faint line of its own, with its gaps", () => {
  const lines = earlierLines(scene(), false);
  assert.deepEqual(
    lines.map(({ line, y }) => [line.label, y]),
    [["loss, attempt 1", [3, null, 1]]],
  );
  const { opacity, name } = earlierTrace(lines[0], PALETTE);
  assert.deepEqual([opacity < 0.5, name], [true, "loss, attempt 1"]);
});

test("the large chart says where a later attempt begins, in what it shows", () => {
  const big = scene();
  assert.deepEqual(attemptShapes(big).map(({ x0, x1 }) => [x0, x1]), [[5, 5]]);
  assert.deepEqual(attemptLabels(big).map(({ text, x }) => [text, x]), [["attempt 2", 5]]);
  const elsewhere = scene({ view: { ...VIEW, range: [6, 19] } });
  assert.deepEqual([attemptShapes(elsewhere), attemptLabels(elsewhere)], [[], []]);
  assert.deepEqual(attemptShapes(scene({ spec: { big: false, lines: [LOSS] } })), []);
});

test("attempts are told in words, one attempt in none", () => {
  assert.match(attemptWords(scene().earlier), /Attempt 2 begins at step 5/);
  const alone = { attempts: ATTEMPTS.slice(0, 1), buckets: new Map() };
  assert.equal(attemptWords(new Map([["batch/loss", alone]])), "");
  assert.deepEqual(earlierLines(scene({ earlier: undefined }), false), []);
});
