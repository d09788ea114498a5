"""The best constant guess, against what is known of it."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from nanwatch.autopsy.guess import guess_loss, output_guesses, perfect_loss


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


def test_each_of_several_outputs_has_a_guess_by_itself():
    inputs = keras.Input((4,))
    ends = [keras.layers.Dense(1, name="b")(inputs), keras.layers.Dense(1, name="a")(inputs)]
    made = keras.Model(inputs, ends)
    made.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 9.0])
    y = {"a": rows()[:, :1], "b": 3 * rows()[:, :1]}
    made.fit(rows(), [y["b"], y["a"]], verbose=0)
    found = output_guesses(made, (rows(), y))
    assert found["b"] == pytest.approx(y["b"].var(), rel=1e-3)
    assert found["a"] == pytest.approx(np.abs(y["a"] - np.median(y["a"])).mean(), rel=1e-3)
    assert output_guesses(model(1, None, "mse"), (rows(), y["a"])) == {}


def poisson(y_true, y_pred):
    return keras.ops.mean(keras.ops.exp(y_pred) - y_true * y_pred, axis=-1)


def maximised(y_true, y_pred):
    return -keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(("loss", "likes_the_truth"), [(poisson, True), (maximised, False)])
def test_the_truth_may_lie_on_another_scale(loss, likes_the_truth):
    y = np.random.default_rng(1).poisson(20.0, (60, 1)).astype("float32")
    batch, made = (rows(), y), model(1, None, loss)
    assert (perfect_loss(made, batch) < guess_loss(made, batch)) == likes_the_truth


def clipped_likelihood(y_true, y_pred):
    p = keras.ops.clip(y_pred, 1e-6, 1 - 1e-6)
    return keras.ops.mean(y_true * keras.ops.log(p) + (1 - y_true) * keras.ops.log(1 - p), -1)


def test_guesses_beyond_a_limit_do_not_speak_for_the_truth():
    y = np.random.default_rng(1).integers(0, 2, (60, 1)).astype("float32")
    batch, made = (rows(), y), model(1, "sigmoid", clipped_likelihood)
    assert perfect_loss(made, batch) > guess_loss(made, batch)


class OwnStep(keras.Sequential):
    """Computes its loss by itself, over a flat target: every row beside every other."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(y - self(x, training=True)))
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


def test_of_an_own_step_it_is_what_the_step_makes_of_it():
    made = OwnStep([keras.Input((4,)), keras.layers.Dense(1)])
    made.compile("sgd")
    y = np.random.default_rng(2).normal(3.0, 1.0, 60).astype("float32")
    weights = made.get_weights()
    expected = np.abs(y - np.median(y)).mean()
    assert guess_loss(made, (rows(), y)) == pytest.approx(expected, rel=1e-3)
    np.testing.assert_array_equal(made.get_weights()[0], weights[0])


def test_without_labels_there_is_none():
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    assert math.isnan(guess_loss(made, (rows(),)))


def test_rows_that_weigh_more_draw_the_guess():
    y = np.array([[0.0], [0.0], [0.0], [1.0]], "float32")
    x, weight = np.zeros((4, 2), "float32"), np.array([1.0, 1.0, 1.0, 97.0], "float32")
    weighed = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    weighed.compile("sgd", "binary_crossentropy")
    entropy = -(97 * math.log(0.97) + 3 * math.log(0.03)) / 4
    assert guess_loss(weighed, (x, y, weight)) == pytest.approx(entropy, rel=1e-4)
