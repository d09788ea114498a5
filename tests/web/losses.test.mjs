import assert from "node:assert/strict";
import { test } from "node:test";

import { format, InputError, parse, placeWords } from "../../web/nanwatch_web/static/js/losses/arrays.js";
import { compute } from "../../web/nanwatch_web/static/js/losses/compute.js";
import { EXAMPLES } from "../../web/nanwatch_web/static/js/losses/examples.js";
import { FORMULAS } from "../../web/nanwatch_web/static/js/losses/formulas.js";

const SETTINGS = {
  delta: 1,
  alpha: 0.25,
  beta: 0.5,
  gamma: 2,
  margin: 0.4,
  remove_diagonal: true,
  from_logits: false,
  label_smoothing: 0,
  ignore_class: null,
};

const ask = (name, yTrue, yPred, more = {}) =>
  compute(name, {
    yTrue: parse("y_true", yTrue),
    yPred: parse("y_pred", yPred),
    weights: null,
    reduction: "sum_over_batch_size",
    ...more,
    settings: { ...SETTINGS, ...more.settings },
  });
const refusal = (call) => {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof InputError);
    return `${error.field}: ${error.message}`;
  }
  return "nothing was refused";
};

test("lists are read as Python, NumPy and JSON write them", () => {
  assert.deepEqual(parse("x", "[[0, 1.], [.5, -2e-3]]"), { shape: [2, 2], data: [0, 1, 0.5, -0.002] });
  assert.deepEqual(parse("x", "[[0. 1.]\n [1_000 +2]]").data, [0, 1, 1000, 2]);
  assert.deepEqual(parse("x", "(1, 0,)"), { shape: [2], data: [1, 0] });
  assert.deepEqual(parse("x", "[nan, -inf, np.inf, Infinity, True]").data, [
    NaN,
    -Infinity,
    Infinity,
    Infinity,
    1,
  ]);
  assert.deepEqual(parse("x", "3"), { shape: [], data: [3] });
});

test("what cannot be read is said in words", () => {
  const said = (text) => refusal(() => parse("y_pred", text));
  assert.match(said(""), /^y_pred: Type a list/);
  assert.match(said("[1, two]"), /“two” is no number/);
  assert.match(said("[1.5.2]"), /“1.5.2” is no number/);
  assert.match(said("[[1, 2], [3]]"), /row 0 has the shape \(2,\), row 1 \(1,\)/);
  assert.match(said("[1, 2"), /not closed/);
  assert.match(said("[1] 2"), /“2” stands behind the end/);
  assert.match(said("[]"), /empty/);
  assert.match(said(`[${"1,".repeat(300)}]`), /300 numbers: at most 256/);
});

test("an array is written as it was typed, and its places are found", () => {
  const text = "[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]";
  const array = parse("x", text);
  assert.equal(format(array), text);
  assert.equal(placeWords(array.shape, 5), "[1][0][1]");
});

test("a loss comes with each sample's and with its gradient", () => {
  const { samples, loss, gradient } = ask("MeanSquaredError", "[[0], [1]]", "[[2], [4]]");
  assert.deepEqual([samples.data, loss, gradient], [[4, 9], 6.5, { shape: [2, 1], data: [2, 3] }]);
  const apart = ask("MeanSquaredError", "[[0], [1]]", "[[2], [4]]", { reduction: "none" });
  assert.deepEqual([apart.loss, apart.gradient.data], [null, [4, 6]]);
});

test("a flat list is one sample, and a column meets a flat list, as in Keras", () => {
  assert.deepEqual(ask("MeanSquaredError", "[0, 1]", "[2, 4]").samples, { shape: [], data: [6.5] });
  assert.deepEqual(ask("MeanSquaredError", "[0, 1]", "[[2], [4]]").samples, { shape: [2], data: [4, 9] });
});

test("arrays that do not belong together are refused with the reason", () => {
  const said = (...given) => refusal(() => ask(...given));
  assert.match(
    said("MeanSquaredError", "[[0, 1]]", "[[1, 2, 3]]"),
    /y_true has the shape \(1, 2\), y_pred \(1, 3\)/,
  );
  assert.match(said("MeanSquaredError", "1", "2"), /Write a list/);
  assert.match(said("SparseCategoricalCrossentropy", "[3]", "[[0.2, 0.3, 0.5]]"), /no class 3 among 3/);
  assert.match(
    said("SparseCategoricalCrossentropy", "[[1, 0]]", "[[0.4, 0.6]]"),
    /shape \(1,\), not \(1, 2\)/,
  );
  assert.match(
    said("CategoricalGeneralizedCrossEntropy", "[[0], [1]]", "[[1, 0], [0, 1]]", { settings: { q: 0.5 } }),
    /shape \(2,\)/,
  );
  assert.match(said("Circle", "[0]", "[[1, 0], [0, 1]]"), /each of the 2 rows/);
  assert.match(said("CTC", "[[1]]", "[[0, 1]]"), /samples, time steps, classes/);
  assert.match(
    said("MeanSquaredError", "[[0]]", "[[1]]", { weights: parse("w", "[1, 2]") }),
    /^sample_weight: One weight/,
  );
});

test("every loss has examples that can be computed or are refused in words", () => {
  assert.deepEqual(Object.keys(EXAMPLES), Object.keys(FORMULAS));
  for (const [name, examples] of Object.entries(EXAMPLES))
    for (const { name: called, yTrue, yPred, settings } of examples) {
      const more = name === "CategoricalGeneralizedCrossEntropy" ? { q: 0.5 } : {};
      const given = () => ask(name, yTrue, yPred, { settings: { ...more, ...settings } });
      if (called === "No such class" && name.startsWith("Sparse")) assert.match(refusal(given), /no class 3/);
      else assert.equal(given().samples.data.length > 0, true);
    }
});
