import assert from "node:assert/strict";
import { test } from "node:test";

import { endsOf, placeOf, toEpoch, toStep } from "../../web/nanwatch_web/static/js/charts/epochs.js";
import { linearTicks, logTicks, wantsLog } from "../../web/nanwatch_web/static/js/charts/scale.js";
import { ago, bytes, duration, num, number, plain } from "../../web/nanwatch_web/static/js/format.js";
import { standing, wherePairs } from "../../web/nanwatch_web/static/js/run/cause.js";
import { flat, headFacts } from "../../web/nanwatch_web/static/js/run/facts.js";
import { diagnosisAt, failureOf, toldOf, withFaults } from "../../web/nanwatch_web/static/js/run/failure.js";
import { append, empty } from "../../web/nanwatch_web/static/js/charts/buckets.js";
import { countWords, filtered } from "../../web/nanwatch_web/static/js/runs/filter.js";
import { questionOf } from "../../web/nanwatch_web/static/js/runs/question.js";
import {
  byGravity,
  symptomSentence,
  unlabel,
  withoutEchoes,
} from "../../web/nanwatch_web/static/js/words.js";

const RUN = {
  id: "a",
  name: "Calm Otter",
  project: "digits",
  state: "running",
  health: "ok",
  tags: ["demo"],
  started_at: "2026-01-01T00:00:00Z",
  ended_at: null,
  last_step: 9,
  last_loss: "NaN",
  best_val_loss: 0.5,
};

test("numbers are short, exact enough and never hide what is not finite", () => {
  assert.deepEqual(
    [0.41271, 1822.4, 6e-8, 0, 1e9, -2.5].map((v) => number(v)),
    ["0.4127", "1,822", "6e-8", "0", "1e9", "−2.5"],
  );
  assert.deepEqual(
    ["NaN", "Infinity", "-Infinity", null].map((v) => number(num(v))),
    ["NaN", "+Inf", "−Inf", "–"],
  );
});

test("durations and ages are said as people say them", () => {
  assert.deepEqual([59, 2892, 7260, 90000].map(duration), ["59 s", "48 min 12 s", "2 h 1 min", "1 d 1 h"]);
  const now = Date.parse("2026-01-01T03:00:00Z");
  assert.equal(ago("2026-01-01T00:00:00Z", now), "3 hours ago");
  assert.equal(ago("2026-01-01T02:59:50Z", now), "just now");
});

test("configuration values fit a line", () => {
  assert.equal(plain([1, "a", null]), "1, a, –");
  assert.equal(plain({ a: [1] }), '{"a":[1]}');
  assert.deepEqual(flat({ optimizer: { class: "SGD", config: { momentum: 0.9 } }, empty: {} }), [
    ["optimizer.class", "SGD"],
    ["optimizer.config.momentum", "0.9"],
    ["empty", "{}"],
  ]);
  assert.deepEqual(flat({ layers: [{ name: "dense", class: "Dense", parameters: 330, units: null }] }), [
    ["layers.dense", "Dense, parameters 330"],
  ]);
});

test("steps and epochs are inverse to each other, beyond the last end too", () => {
  const ends = endsOf([0, 1], [9, 29]);
  assert.equal(toEpoch(9, ends), 1);
  assert.equal(toEpoch(49, ends), 3);
  for (const step of [0, 4, 9, 15, 29, 60])
    assert.ok(Math.abs(toStep(toEpoch(step, ends), ends) - step) < 1e-9);
});

test("epochs are counted from one, as Keras prints them, batches from zero", () => {
  assert.deepEqual(placeOf(12, [9, 29]), { epoch: 2, batch: 2 });
  assert.deepEqual(placeOf(30, [9, 29]), { epoch: 3, batch: 0 });
  assert.equal(placeOf(3, []), null);
});

test("ticks of a log axis are powers of ten, and finer when it is short", () => {
  assert.deepEqual(logTicks([-0.1, 3.2]).ticktext, ["1", "10", "100", "1,000"]);
  assert.deepEqual(logTicks([-0.4, 0.4]).ticktext, ["0.5", "1", "2"]);
  assert.ok(logTicks([-3.1, -2.9]).ticktext.length >= 3);
});

test("ticks of a linear axis are round and can be told apart", () => {
  assert.deepEqual(linearTicks([0, 2.6]).ticktext, ["0", "0.5", "1", "1.5", "2", "2.5"]);
  assert.deepEqual(linearTicks([0, 1.06e-3]).ticktext.slice(0, 3), ["0", "0.0002", "0.0004"]);
  assert.deepEqual(linearTicks([0, 2.6e-8]).ticktext.slice(0, 2), ["0", "5e-9"]);
  const near = linearTicks([6.85e-4, 6.96e-4]).ticktext;
  assert.equal(new Set(near).size, near.length);
  assert.ok(
    linearTicks([7e-4, 1.8e-3]).tickvals.every(
      (value, i) => value === Number(linearTicks([7e-4, 1.8e-3]).ticktext[i]),
    ),
  );
});

test("only a loss over many orders of magnitude asks for a log axis", () => {
  const line = (y) => ({ y });
  assert.ok(wantsLog(line([1, 2, null, 1e9])));
  assert.ok(!wantsLog(line([2.3, 1, 0.5, 38])));
  assert.ok(!wantsLog(line([-1, 2, 1e9])));
});

test("the failure is the first non-finite loss, lasting unless the loss came back", () => {
  const loss = empty();
  append(loss, [0, 1, 2], [1, NaN, NaN]);
  assert.deepEqual(failureOf(loss, empty(), []), { step: 1, label: "NaN from step 1", lasting: true });
  append(loss, [3], [1]);
  assert.deepEqual(failureOf(loss, empty(), []), { step: 1, label: "NaN at step 1", lasting: false });
});

test("without a non-finite loss the gravest diagnosis is the failure", () => {
  const found = [{ id: 1, symptom: "exploding_loss", severity: "critical", first_step: 40, causes: [] }];
  assert.equal(failureOf(empty(), empty(), found).label, "Exploding loss from step 40");
  assert.equal(failureOf(empty(), empty(), [{ ...found[0], severity: "warning" }]), null);
  assert.equal(diagnosisAt(found, 41), found[0]);
});

test("a gradient that was not finite is named as such when the loss was", () => {
  const [loss, gradient] = [empty(), empty()];
  append(loss, [0, 1], [1, 2]);
  append(gradient, [0, 1], [1, NaN]);
  const found = [{ id: 1, symptom: "nan_loss", severity: "critical", first_step: 1, causes: [] }];
  assert.equal(failureOf(loss, gradient, found).label, "Gradient NaN from step 1");
  assert.equal(failureOf(loss, gradient, []), null);
});

test("a card's headline says what was not finite, where the curves tell", () => {
  const [loss, gradient] = [empty(), empty()];
  append(loss, [0, 1, 2], [1, 2, NaN]);
  append(gradient, [0, 1, 2], [1, Infinity, NaN]);
  const headline = (first_step, source = "client") => {
    const told = { symptom: "nan_loss", severity: "critical", first_step, source, causes: [] };
    return symptomSentence(withFaults([told], loss, gradient)[0]);
  };
  assert.equal(headline(2), "Loss is not finite from step 2");
  assert.equal(headline(1), "Gradient is not finite, though the loss is, from step 1");
  assert.equal(headline(0), "Weights are not finite, though loss and gradient are, from step 0");
  for (const unknown of [headline(0, "server"), headline(9)]) assert.match(unknown, /^NaN or Inf in the training/);
});

test("a critical NaN comes before a critical explosion and both before a warning", () => {
  const of = (severity, symptom) => ({ severity, symptom });
  const found = byGravity([
    of("warning", "loss_spike"),
    of("critical", "exploding_loss"),
    of("critical", "nan_loss"),
  ]);
  assert.deepEqual(
    found.map((each) => each.symptom),
    ["nan_loss", "exploding_loss", "loss_spike"],
  );
});

test("labels become words, unknown ones too", () => {
  assert.equal(unlabel("nan_in_features"), "NaN in features");
});

test("a symptom is told with its step, one of the whole run as judged, a foreseen one as foreseen", () => {
  const said = (symptom, first_step, severity = "critical") =>
    symptomSentence({ symptom, first_step, severity });
  assert.equal(said("nan_loss", 7412), "NaN or Inf in the training from step 7,412");
  assert.equal(said("exception", 0), "Training raised an exception at step 0");
  assert.equal(said("underfit", 359), "Loss settles at a bad level (judged at step 359)");
  assert.equal(said("loss_stuck", 0, "warning"), "Loss does not fall from step 0");
  assert.equal(said("underfit", null, "info"), "Foreseen: loss settles at a bad level");
  assert.equal(said("from_the_future", null), "From the future");
});

test("what was foreseen is not told again once it has come", () => {
  const of = (severity, label) => ({ severity, causes: [{ label }] });
  const [came, feared, other] = [of("warning", "a"), of("info", "a"), of("info", "b")];
  assert.deepEqual(withoutEchoes([came, feared, other]), [came, other]);
  assert.deepEqual(withoutEchoes([feared]), [feared]);
});

test("a check agrees, differs, or was not made", () => {
  const of = (seen, expected, healthy) => standing({ check: "", seen, expected, healthy });
  assert.equal(of("2 of 32", "none"), "differs");
  assert.equal(of("all finite", "finite"), "agrees");
  assert.equal(of("0.97", "about 1", null), "agrees");
  assert.equal(of("157", "about 1", null), "differs");
  assert.equal(of("16", "few", true), "agrees");
  assert.equal(of("not made: no replay can make this change", "finite", false), "open");
});

test("where a cause was seen is told in words, with names of columns", () => {
  const pairs = wherePairs({
    epoch: 0,
    batch: 3,
    rows: [3],
    columns: [2, 5],
    column_names: ["bill_length_mm", "body_mass_g"],
  });
  assert.deepEqual(pairs, [
    ["Batch", "epoch 1, batch 3"],
    ["Rows", "#3 in the batch"],
    ["Columns", "bill_length_mm (#2), body_mass_g (#5)"],
  ]);
});

test("a size is told in three digits or four", () => {
  const told = [0, 1023, 1024, 130_000, 12.44 * 1024 ** 2, 3 * 1024 ** 4].map(bytes);
  assert.deepEqual(told, ["0 bytes", "1023 bytes", "1.0 KiB", "127 KiB", "12.4 MiB", "3.0 TiB"]);
});

test("the head shows the last finite loss beside a NaN", () => {
  const facts = headFacts(
    RUN,
    { ends: [4], lastFinite: { value: 0.41, step: 8 }, bestVal: { value: 0.5, epoch: 0 } },
    Date.parse("2026-01-01T00:01:00Z"),
  );
  const of = (name) => facts.find((fact) => fact.name === name);
  assert.deepEqual(of("Last finite loss"), { name: "Last finite loss", value: "0.41", more: "at step 8" });
  assert.deepEqual(of("Best val_loss").more, "epoch 1");
  assert.equal(of("Elapsed").value, "1 min 0 s");
  assert.equal(of("Optimizer"), undefined);
  assert.equal(of("Stored"), undefined);
});

test("the head tells what the callback found out", () => {
  const facts = {
    model: { parameters: 25557032 },
    loss: [{ output: null, class: "MeanSquaredError" }],
    policy: "mixed_float16",
    epochs: 30,
    optimizer: { class: "AdamW", learning_rate: 0.001, schedule: null },
    versions: { backend: "jax", jax: "0.9", keras: "3.15.0", python: "3.12" },
  };
  const told = Object.fromEntries(
    headFacts({ ...RUN, facts, size_bytes: 2048 }, { ends: [], lastFinite: null, bestVal: null }, 0).map(({ name, value }) => [
      name,
      value,
    ]),
  );
  assert.equal(told.Optimizer, "AdamW, 0.001");
  assert.equal(told.Stored, "2.0 KiB");
  assert.equal(told.Loss, "MeanSquaredError");
  assert.equal(told.Parameters, "25,557,032");
  assert.equal(told.Epoch, "1 of 30");
  assert.equal(told.Versions, "keras 3.15.0, jax 0.9");
});

test("every word of a filter must occur in name, project, tag, state or health", () => {
  const other = {
    ...RUN,
    id: "b",
    name: "penguins",
    state: "failed",
    health: "critical",
    started_at: "2026-01-02T00:00:00Z",
  };
  assert.deepEqual(
    filtered([RUN, other], questionOf(""), 0).map((run) => run.id),
    ["b", "a"],
  );
  assert.deepEqual(
    filtered([RUN, other], questionOf("?q=otter DIGITS"), 0).map((run) => run.id),
    ["a"],
  );
  assert.deepEqual(
    filtered([RUN, other], questionOf("?show=trouble"), 0).map((run) => run.id),
    ["b"],
  );
  assert.equal(countWords(1, 2, false), "1 of 2 runs");
});

test("what is marked beside the failure is what has a step and has come true", () => {
  const told = toldOf(
    [
      { symptom: "nan_loss", severity: "critical", first_step: 40 },
      { symptom: "loss_spike", severity: "warning", first_step: 30 },
      { symptom: "exploding_loss", severity: "warning", first_step: 20 },
      { symptom: "underfit", severity: "info", first_step: 5 },
      { symptom: "overfit", severity: "warning", first_step: null },
    ],
    40,
  );
  assert.deepEqual(told, [
    { step: 20, words: "Loss explodes from step 20" },
    { step: 30, words: "Loss jumps at step 30" },
  ]);
});
