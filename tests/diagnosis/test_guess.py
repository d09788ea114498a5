"""The best constant guess, against what is known of it."""

import math

import keras
import numpy as np
import pytest

from nanwatch.autopsy.guess import guess_loss


def model(units, activation, loss, **compiled):
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation)])
    made.compile("sgd", loss, **compiled)
    return made


def rows(n=60):
    return np.random.default_rng(0).normal(size=(n, 4)).astype("float32")


def test_of_a_regression_it_is_the_variance():
    y = np.random.default_rng(1).normal(3.0, 2.0, (60, 1)).astype("float32")
    assert guess_loss(model(1, None, "mse"), (rows(), y)) == pytest.approx(y.var(), rel=1e-4)


def test_of_absolute_errors_it_is_the_distance_from_the_median():
    y = np.random.default_rng(1).exponential(size=(60, 1)).astype("float32")
    found = guess_loss(model(1, None, "mae"), (rows(), y))
    assert found == pytest.approx(np.abs(y - np.median(y)).mean(), rel=1e-4)


@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("coded", ["classes", "one-hot"])
def test_of_classes_it_is_their_entropy(logits, coded):
    y = np.repeat([0, 1, 2], [30, 20, 10])
    shares = np.array([3, 2, 1]) / 6
    sparse = keras.losses.SparseCategoricalCrossentropy
    kind = sparse if coded == "classes" else keras.losses.CategoricalCrossentropy
    made = model(3, None if logits else "softmax", kind(from_logits=logits))
    labels = y if coded == "classes" else np.eye(3)[y]
    entropy = -(shares * np.log(shares)).sum()
    assert guess_loss(made, (rows(), labels)) == pytest.approx(entropy, rel=1e-4)


def test_penalties_are_left_out():
    y = np.random.default_rng(1).normal(size=(60, 1)).astype("float32")
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_regularizer="l2")])
    made.compile("sgd", "mse")
    assert guess_loss(made, (rows(), y)) == pytest.approx(y.var(), rel=1e-4)


def test_each_output_has_its_own_guess():
    inputs = keras.Input((4,))
    ends = {
        "a": keras.layers.Dense(1, name="a")(inputs),
        "b": keras.layers.Dense(3, "softmax", name="b")(inputs),
    }
    made = keras.Model(inputs, ends)
    made.compile("sgd", {"a": "mse", "b": "sparse_categorical_crossentropy"})
    y = {"a": rows()[:, :1], "b": np.arange(60) % 3}
    expected = y["a"].var() + math.log(3)
    assert guess_loss(made, (rows(), y)) == pytest.approx(expected, rel=1e-4)


def test_without_labels_there_is_none():
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    assert math.isnan(guess_loss(made, (rows(),)))
