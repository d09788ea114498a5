"""Safe mathematics for the user's own code, for the length of a block."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from keras.ops import log as bound_log

from fits import mlp
from nanwatch.autopsy.remedies.precision import full_precision, larger_epsilon
from nanwatch.autopsy.remedies.safe_forms import (
    DIVISIONS,
    LOGARITHMS,
    MEANS,
    POSITIVE,
    POWERS,
    ROOTS,
    SOFTMAXES,
    STOPS,
)
from nanwatch.autopsy.remedies.safe_math import safe

ZERO, MANY = [0.0, 2.0], [-500.0, 500.0]


@tf.function
def in_a_graph(x):
    return tf.math.log(x)


CASES = {
    "log": (LOGARITHMS, lambda x: ops.log(x), ZERO),
    "bound log": (LOGARITHMS, lambda x: bound_log(x), ZERO),
    "log1p": (LOGARITHMS, lambda x: tf.math.log1p(x - 1), ZERO),
    "log in a graph": (LOGARITHMS, in_a_graph, ZERO),
    "backend log": (LOGARITHMS, lambda x: tf.keras.backend.log(x), ZERO),
    "operator": (DIVISIONS, lambda x: x / x, ZERO),
    "reflected": (DIVISIONS, lambda x: 1.0 / x, ZERO),
    "divide": (DIVISIONS, lambda x: tf.divide(x, x), ZERO),
    "reciprocal": (DIVISIONS, lambda x: ops.reciprocal(x), ZERO),
    "variance": (POSITIVE, lambda x: ops.log(x) + 1.0 / x + x / x, ZERO),
    "sqrt": (ROOTS, lambda x: tf.sqrt(x), ZERO),
    "norm": (ROOTS, lambda x: ops.norm(x - x), ZERO),
    "std": (ROOTS, lambda x: tf.math.reduce_std(x * 0.0), ZERO),
    "power": (ROOTS, lambda x: x**0.5, ZERO),
    "arccos": (ROOTS, lambda x: ops.arccos(x / 2.0), ZERO),
    "negative power": (DIVISIONS, lambda x: x**-0.5, ZERO),
    "rsqrt": (DIVISIONS, lambda x: ops.rsqrt(x), ZERO),
    "rsqrt as a root": (ROOTS, lambda x: tf.math.rsqrt(x), ZERO),
    "arccosh": (ROOTS, lambda x: ops.arccosh(x + 1.0), ZERO),
    "arctan2": (ROOTS, lambda x: ops.arctan2(x, x), ZERO),
    "arctanh": (LOGARITHMS, lambda x: ops.arctanh(x / 2.0), ZERO),
    "logdet": (LOGARITHMS, lambda x: tf.linalg.logdet(x[:, None] * x[None, :]), ZERO),
    "reflected power": (POWERS, lambda x: 2.0**x, MANY),
    "exp": (POWERS, lambda x: ops.exp(x), MANY),
    "cosh": (POWERS, lambda x: tf.math.cosh(x), MANY),
    "large power": (POWERS, lambda x: ops.power(x, 20.0), MANY),
    "mean": (MEANS, lambda x: tf.reduce_mean(x[x > 9.0]) + ops.sum(x), ZERO),
    "softmax": (SOFTMAXES, lambda x: ops.softmax(tf.where(x > 9.0, x, -np.inf)), ZERO),
}


def value_and_slope(function, x):
    @tf.function(autograph=False)
    def traced(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return value, tape.gradient(value, x)

    value, slope = traced(tf.constant(x))
    return bool(np.isfinite(value).all() and np.isfinite(slope).all())


@pytest.mark.parametrize("name", [name for name in CASES if name != "variance"])
def test_value_and_slope_are_finite_within_the_block_and_only_there(name):
    forms, function, x = CASES[name]
    model = mlp()
    assert not value_and_slope(function, x)
    with safe(forms, model):
        assert value_and_slope(function, x)
    assert not value_and_slope(function, x)


def test_a_variance_is_positive_wherever_it_is_used():
    forms, function, x = CASES["variance"]
    with safe(forms, mlp()):
        assert value_and_slope(function, [-1.0, *x])


@pytest.mark.parametrize(
    "stop", [lambda x: ops.stop_gradient(x), lambda x: tf.round(x), lambda x: ops.sign(x)]
)
def test_a_stopped_gradient_is_let_through(stop):
    model = keras.Sequential([keras.Input((2,)), layers.Lambda(stop)])

    def slope():
        x = tf.constant([[0.3, 0.6]])
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = model(x)
        return tape.gradient(value, x)

    with safe(STOPS, model):
        np.testing.assert_array_equal(slope(), [[1.0, 1.0]])
    assert slope() is None or not np.any(slope())


def test_values_that_are_safe_stay_as_they_are():
    x = tf.constant([0.5, 2.0])
    plain = [function(x).numpy() for function in (ops.log, ops.sqrt, ops.exp, ops.softmax)]
    with safe({**LOGARITHMS, **ROOTS, **POWERS, **SOFTMAXES}, mlp()):
        guarded = [f(x).numpy() for f in (ops.log, ops.sqrt, ops.exp, ops.softmax)]
    np.testing.assert_allclose(plain, guarded, rtol=1e-6)


@pytest.mark.parametrize(
    "layer", [layers.Lambda(ops.log), layers.Activation(ops.log), layers.Dense(4, ops.log)]
)
def test_functions_that_layers_hold_are_made_safe(layer):
    model = keras.Sequential([keras.Input((4,)), layer])
    x = np.zeros((2, 4), "float32")
    with safe(LOGARITHMS, model):
        assert np.isfinite(model(x)).all()
    assert not np.isfinite(model(x)).all()


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("forms", "function"), [(LOGARITHMS, ops.log), (DIVISIONS, lambda x: x / ops.sum(x, axis=1))]
)
def test_so_are_operations_of_a_functional_graph(forms, function, nested):
    inputs = keras.Input((1,))
    model = keras.Model(inputs, function(inputs))
    model = keras.Sequential([keras.Input((1,)), model]) if nested else model
    zeros = np.zeros((1, 1), "float32")
    with safe(forms, model):
        assert np.isfinite(model(zeros)).all()
    assert not np.isfinite(model(zeros)).all()


def test_layers_and_losses_compute_in_single_precision_for_a_while():
    dense = layers.Dense(1, dtype="float16")
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile("sgd", keras.losses.MeanSquaredError(dtype="float16"))
    x = np.full((2, 4), 4e4, "float32")
    with full_precision(model):
        assert dense.compute_dtype == "float32"
        assert model.loss.dtype == "float32"
        assert np.isfinite(model(x)).all()
    assert (dense.compute_dtype, model.loss.dtype) == ("float16", "float16")


def test_epsilons_are_larger_for_a_while():
    model, before = mlp(optimizer=keras.optimizers.Adam(epsilon=1e-8)), keras.config.epsilon()
    with larger_epsilon(model):
        assert (model.optimizer.epsilon, keras.config.epsilon()) == (1e-3, 1e-3)
    assert (model.optimizer.epsilon, keras.config.epsilon()) == (1e-8, before)
