"""Unsafe operations end to end: a watched fit names the cause, its place, and a fix that held."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from fits import mlp, table
from nanwatch import NanWatch


@pytest.fixture(autouse=True)
def home(tmp_path, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))


def first_cause(model, x, y, **fit):
    """The first cause of the first alarm, and that alarm."""
    watch = NanWatch(mode="offline", verbose=0)
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[watch], **fit)
    alarms = [found for found in watch.diagnoses if found.severity != "info"]
    return alarms[0].causes[0], alarms[0]


def test_the_logarithm_of_a_linear_output():
    def likelihood(y_true, y_pred):
        return y_pred - ops.abs(y_true) * ops.log(y_pred)

    cause, found = first_cause(mlp(loss=likelihood), *table())
    assert (cause.label, found.first_step) == ("custom_loss_log_of_nonpositive", 0)
    assert cause.where["source_line"].startswith("test_causes_operations.py:")
    assert "ops.log(y_pred)" in cause.fix.code
    assert cause.verified


def test_the_relative_error_of_a_target_of_zero():
    x, y = table()
    y[37] = 0.0
    model = mlp(loss=lambda y, p: tf.abs(y - p) / tf.abs(y), optimizer="adam")
    cause, found = first_cause(model, x, y)
    assert (cause.label, found.first_step) == ("custom_loss_division_by_zero", 2)
    assert (cause.where["rows"], cause.verified) == ([5], True)


def test_the_norm_of_an_error_of_exactly_zero():
    x, y = table()
    x[5], y[5] = 0.0, 0.0
    model = mlp(hidden=(), loss=lambda y, p: tf.norm(y - p, axis=-1))
    cause, found = first_cause(model, x, y)
    assert (cause.label, found.first_step) == ("custom_loss_sqrt_zero_grad", 0)
    assert (cause.where["rows"], cause.verified) == ([5], True)


def test_a_log_cosh_by_hand():
    x, y = table()
    y[20] = 300.0
    model = mlp(loss=lambda y, p: tf.math.log(tf.math.cosh(y - p)))
    cause, _ = first_cause(model, x, y)
    assert cause.label in ("custom_loss_overflow", "extreme_outlier")


def test_a_loss_of_a_step_of_ones_own_that_calls_parts_of_the_model():
    class Coder(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = layers.Dense(3), layers.Dense(4)

        def train_step(self, data):
            x = data[0]
            with tf.GradientTape() as tape:
                code = self.encoder(x)
                loss = ops.mean(ops.square(self.decoder(code) - x)) - ops.mean(ops.log(code))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            return {"loss": loss}

    model = Coder()
    model.compile("sgd")
    cause, _ = first_cause(model, *table())
    assert cause.label == "custom_loss_log_of_nonpositive"
    assert "layer" not in cause.where


@pytest.mark.parametrize(
    ("label", "function"),
    [
        ("layer_log_of_nonpositive", lambda x: ops.log(x)),
        ("layer_division_by_zero", lambda x: x / ops.relu(x)),
        ("layer_sqrt_zero_grad", lambda x: ops.sqrt(ops.relu(x))),
        ("layer_exp_overflow", lambda x: ops.exp(x * 200.0)),
    ],
)
def test_unsafe_functions_in_a_layer(label, function):
    unsafe = layers.Lambda(function, name="unsafe")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), unsafe, layers.Dense(1)])
    model.compile("adam", "mae")
    cause, found = first_cause(model, *table())
    assert (cause.label, cause.where["layer"], found.first_step) == (label, "unsafe", 0)


def test_a_batch_in_which_nothing_counts():
    def masked(y_true, y_pred):
        counts = ops.cast(y_true > -9.0, "float32")
        return ops.sum(counts * ops.square(y_true - y_pred)) / ops.sum(counts)

    x, y = table()
    y[32:48] = -10.0
    cause, found = first_cause(mlp(loss=masked), x, y)
    assert (cause.label, found.first_step) == ("empty_mask_mean", 2)
    assert cause.verified


def test_a_softmax_of_a_masked_row():
    x = np.abs(table()[0])
    y = x[:, :1] / x.sum(axis=1, keepdims=True)
    x[37] = -1.0
    masked = layers.Lambda(lambda x: ops.softmax(ops.where(x > 0, x, -np.inf)), name="attend")
    model = keras.Sequential([keras.Input((4,)), masked, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    cause, _ = first_cause(model, x, y)
    assert (cause.label, cause.where["rows"]) == ("all_masked_softmax", [5])
    assert cause.verified


def test_a_square_in_half_precision():
    square = layers.Lambda(lambda x: ops.square(x * 150.0) / 3e4, dtype="float16", name="square")
    model = keras.Sequential([keras.Input((4,)), square, layers.Dense(1)])
    model.compile("adam", "mse")
    cause, _ = first_cause(model, *table())
    assert (cause.label, cause.where["layer"]) == ("float16_overflow", "square")
    assert cause.verified


def test_an_epsilon_that_half_precision_rounds_away():
    share = layers.Lambda(lambda x: x / (ops.relu(x) + 1e-8), dtype="float16", name="share")
    model = keras.Sequential([keras.Input((4,)), share, layers.Dense(1)])
    model.compile("adam", "mse")
    cause, _ = first_cause(model, *table())
    assert (cause.label, cause.where["layer"]) == ("float16_epsilon_underflow", "share")


def test_a_divergence_that_ends_in_an_overflow_is_the_rates():
    def poisson(y_true, y_pred):
        return ops.exp(y_pred) - y_true * y_pred

    model = mlp(loss=poisson, optimizer=keras.optimizers.SGD(20.0))
    cause, _ = first_cause(model, *table())
    assert cause.label == "lr_too_high"


def test_nan_in_the_batch_is_not_the_losss_fault():
    x, y = table()
    x[37, 1] = np.nan
    cause, _ = first_cause(mlp(loss=lambda y, p: ops.sqrt(ops.square(y - p) + 1e-9)), x, y)
    assert cause.label == "nan_in_features"
