"""The pages' own formulas of losses give what Keras gives on TensorFlow: values and gradients."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playwright.sync_api import Page

from nanwatch.losses import LOSSES

NAN, INF = math.nan, math.inf
REDUCTIONS = ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none")
EDGES = (NAN, -INF, INF, -1e4, -1, -1e-7, 0, 1e-8, 1e-7, 0.25, 0.5, 1 - 1e-7, 1, 1.5, 50, 1e20)
LABELS = (0.0, 1.0, -1.0, 0.3, NAN)
LOGITS = {"from_logits": True}
SMOOTH = {"label_smoothing": 0.2}
BALANCED = {"apply_class_balancing": True, "alpha": 0.7}
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "MeanSquaredError": [{}],
    "MeanAbsoluteError": [{}],
    "MeanAbsolutePercentageError": [{}],
    "MeanSquaredLogarithmicError": [{}],
    "Huber": [{}, {"delta": 0.3}],
    "LogCosh": [{}],
    "Poisson": [{}],
    "KLDivergence": [{}],
    "BinaryCrossentropy": [{}, LOGITS, SMOOTH, LOGITS | SMOOTH],
    "CategoricalCrossentropy": [{}, LOGITS, SMOOTH, LOGITS | SMOOTH],
    "BinaryFocalCrossentropy": [{}, LOGITS, SMOOTH, {"gamma": 0.5}, {"gamma": 0.0}, BALANCED],
    "CategoricalFocalCrossentropy": [{}, LOGITS, SMOOTH, {"gamma": 1.0, "alpha": 0.6}],
    "Hinge": [{}],
    "SquaredHinge": [{}],
    "CategoricalHinge": [{}],
    "CosineSimilarity": [{}],
    "Dice": [{}],
    "Tversky": [{}, {"alpha": 0.2, "beta": 0.9}],
    "SparseCategoricalCrossentropy": [{}, LOGITS, {"ignore_class": 1}],
    "CategoricalGeneralizedCrossEntropy": [{}, {"q": 0.7}],
    "Circle": [{}, {"gamma": 10.0, "margin": 0.2}, {"remove_diagonal": False}],
    "CTC": [{}],
}
CLASSES = ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy")
WHOLE = ("Dice", "Tversky")
ASK = """async (cases) => {
    const { compute } = await import("/static/js/losses/compute.js");
    const array = ({shape, data}) => ({shape, data: data.map(Number)});
    return cases.map(([name, yTrue, yPred, weights, settings, reduction]) => {
        const arrays = {yTrue: array(yTrue), yPred: array(yPred)};
        const more = {weights: weights && array(weights), settings, reduction};
        const { loss, samples, gradient } = compute(name, {...arrays, ...more});
        return [loss === null ? samples.data : [loss], gradient.data];
    });
}"""

Case = tuple[Any, Any, Any, str]  # y_true, y_pred, weights, reduction


def edges(name: str) -> list[Case]:
    """Every edge as a prediction, alone and in a row of three; all of one label in one batch."""
    alone = [[x] for x in EDGES]
    rows = [[x, 0.2, 0.3] for x in EDGES]
    if name in CLASSES:
        return [([c] * len(rows), rows, None, "none") for c in (0, 1)]
    if name in WHOLE:
        return [([[y, 1 - y, 0]], [row], None, "none") for y, row in product(LABELS, rows)]
    pairs = [([[y]] * len(alone), alone, None, "none") for y in LABELS]
    return pairs + [([[y, 1 - y, 0]] * len(rows), rows, None, "none") for y in LABELS]


def batches(name: str) -> list[Case]:
    """Several samples, with every reduction, with and without weights."""
    random = np.random.default_rng(0)
    y_pred = random.random((4, 3)).round(3)
    y_true = np.array([0, 2, 1, 1]) if name in (*CLASSES, "Circle") else random.random((4, 3))
    weights = np.array(0.5) if name in WHOLE else np.array([1, 0.5, 0, 2])
    return [(y_true, y_pred, given, one) for given in (None, weights) for one in REDUCTIONS]


def sequences() -> list[Case]:
    """Labels that fit, just fit, repeat, end early, and do not fit at all."""
    scores = np.random.default_rng(0).normal(size=(1, 4, 4))
    spelled = ([1, 2, 0], [1, 1, 2], [2, 0, 0], [3, 2, 1], [0, 0, 0])
    return [([labels], scores, None, "none") for labels in spelled]


def cases(name: str) -> list[Case]:
    if name == "CTC":
        return sequences()
    return batches(name) + ([] if name == "Circle" else edges(name))


def keras_says(
    name: str, settings: dict[str, Any], case: Case
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The loss and its gradient with respect to the predictions."""
    y_true, y_pred, weights, reduction = case
    predictions = tf.Variable(np.array(y_pred, "float32"))
    function = getattr(keras.losses, name)(**settings, reduction=reduction)
    with tf.GradientTape() as tape:
        value = function(np.array(y_true, "float32"), predictions, weights)
    slope = tape.gradient(value, predictions, unconnected_gradients="zero")
    return np.ravel(value), np.ravel(slope)


def sent(array: Any) -> dict[str, Any] | None:
    """An array as the page's module takes it; what is not finite goes as a word."""
    if array is None:
        return None
    values = np.array(array, "float64")
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return {
        "shape": list(values.shape),
        "data": [words.get(str(value), float(value)) for value in values.ravel()],
    }


def test_every_loss_of_the_catalogue_is_compared() -> None:
    assert set(VARIANTS) == set(LOSSES) - {"Loss"}


@pytest.mark.filterwarnings("ignore:In loss categorical:SyntaxWarning")
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")
@pytest.mark.parametrize("name", VARIANTS)
def test_values_and_gradients_are_those_of_keras(page: Page, name: str) -> None:
    page.goto("/login")
    defaults = {one.name: one.default for one in LOSSES[name].parameters}
    for settings in VARIANTS[name]:
        given = cases(name)
        asked = [
            [name, sent(t), sent(p), sent(weights), defaults | settings, reduction]
            for t, p, weights, reduction in given
        ]
        for case, (value, slope) in zip(given, page.evaluate(ASK, asked), strict=True):
            expected, gradient = keras_says(name, settings, case)
            words = f"{settings} {case}"
            same(value, expected, words)
            same(slope, gradient, words)


def same(found: list[float], expected: np.ndarray[Any, Any], words: str) -> None:
    """Within 1e-6 of the array's largest number or of 1; what is not finite is the same."""
    numbers = np.array(found, "float64")
    largest = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    np.testing.assert_allclose(numbers, expected, rtol=1e-6, atol=1e-6 * largest, err_msg=words)


def test_class_numbers_in_a_column_are_paired_with_every_row() -> None:
    generalized = keras.losses.CategoricalGeneralizedCrossEntropy(reduction="none")
    scores = np.array([[0.2, 0.8], [0.3, 0.7]])
    assert generalized(np.array([0, 1]), scores).shape == (2,)
    assert generalized(np.array([[0], [1]]), scores).shape == (2, 2)
