"""The dissection: where a value that is not finite was born; the model left as it was."""

import math

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from fits import mlp, noisy_mlp, state_of, table
from nanwatch.autopsy.dissect import dissect
from nanwatch.recorder.source import DataSource

NOWHERE = DataSource()


class Logarithm(keras.layers.Layer):
    """Takes the logarithm of what may be negative."""

    def call(self, x):
        return keras.ops.log(x)


def batch(n=16):
    x, y = table(n)
    return tf.constant(x), tf.constant(y)


def with_layer(layer, **compiled):
    dense = keras.layers.Dense(4, "tanh", name="before")
    model = keras.Sequential([keras.Input((4,)), dense, layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse", **compiled)
    return model


def test_a_healthy_step_is_finite_throughout():
    autopsy = dissect(mlp(), batch(), NOWHERE)
    assert (autopsy.data_finite, autopsy.weights_finite, autopsy.gradients_finite) == (True,) * 3
    assert autopsy.predictions_finite
    assert autopsy.born_in is None
    assert 0 < autopsy.gradient_norm < 100
    assert autopsy.penalty == 0


def test_loss_and_gradients_are_those_of_the_step():
    model, (x, y) = mlp(hidden=()), batch()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    grads = tape.gradient(loss, model.trainable_variables)
    autopsy = dissect(model, (x, y), NOWHERE)
    assert autopsy.loss == pytest.approx(float(loss))
    assert [v.gradient_norm for v in autopsy.variables] == pytest.approx(
        [float(tf.norm(gradient)) for gradient in grads]
    )
    assert [v.layer for v in autopsy.variables] == [model.layers[-1].name] * 2


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_the_model_is_left_bit_by_bit_as_it_was(run_eagerly):
    model = noisy_mlp(run_eagerly=run_eagerly)
    x, y = table()
    model.fit(x, y, batch_size=16, verbose=0)
    before, metrics = state_of(model), model.get_metrics_result()
    dissect(model, batch(), NOWHERE)
    assert state_of(model) == before
    assert model.get_metrics_result() == metrics


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Logarithm(name="culprit"),
        lambda: keras.layers.Lambda(lambda x: keras.ops.log(x), name="culprit"),
        lambda: keras.layers.Lambda(lambda x: x / keras.ops.zeros_like(x), name="culprit"),
        lambda: keras.layers.Dense(4, keras.ops.sqrt, name="culprit"),
    ],
)
def test_the_first_layer_that_makes_it_is_named(layer):
    autopsy = dissect(with_layer(layer()), batch(), NOWHERE)
    assert autopsy.born_in.name == "culprit"
    assert autopsy.weights_finite
    assert not autopsy.predictions_finite


def test_a_bare_operation_of_a_functional_model_is_named():
    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(1)(keras.ops.log(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    assert dissect(model, batch(), NOWHERE).born_in.kind == "Log"


def test_each_call_of_a_layer_is_looked_at_once():
    autopsy = dissect(with_layer(keras.layers.ReLU()), batch(), NOWHERE)
    assert [look.kind for look in autopsy.layers] == ["Dense", "ReLU", "Dense"]


def test_a_layer_in_an_inner_model_is_named_before_its_holder():
    inner = keras.Sequential([keras.Input((4,)), Logarithm(name="culprit")])
    assert dissect(with_layer(inner), batch(), NOWHERE).born_in.name == "culprit"


def test_a_bad_loss_under_good_predictions():
    def log_loss(a, b):
        return tf.math.log(-tf.abs(a - b))

    autopsy = dissect(mlp(loss=log_loss), batch(), NOWHERE)
    assert autopsy.predictions_finite
    assert math.isnan(autopsy.loss)


def test_a_bad_gradient_under_a_good_loss():
    def root_loss(a, b):
        return tf.sqrt(tf.reduce_sum((b - b) ** 2, -1)) + tf.reduce_mean((a - b) ** 2, -1)

    autopsy = dissect(mlp(loss=root_loss), batch(), NOWHERE)
    assert math.isfinite(autopsy.loss)
    assert not autopsy.gradients_finite


def test_the_penalty_is_told_apart_from_the_loss():
    dense = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(100.0))
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile("sgd", "mse")
    penalty = 100 * float(np.sum(dense.get_weights()[0] ** 2))
    autopsy = dissect(model, batch(), NOWHERE)
    assert autopsy.penalty == pytest.approx(penalty, rel=1e-5)
    assert autopsy.loss > autopsy.penalty


def test_lost_weights_are_seen():
    model = mlp()
    model.layers[0].kernel.assign(model.layers[0].kernel * math.nan)
    looks = dissect(model, batch(), NOWHERE).variables
    assert [look.finite for look in looks] == [False, True, True, True]


@pytest.mark.parametrize("names", [(), ("a", "b", "c", "d")])
def test_rows_samples_and_columns_of_bad_cells_are_told(names):
    x, y = table()
    x[37, 1] = math.nan
    rows = [3, 37, 20]
    source = DataSource((np.asarray(pd.DataFrame(x)),), names)
    inputs, targets = dissect(mlp(), (tf.constant(x[rows]), tf.constant(y[rows])), source).arrays
    assert (inputs.rows, inputs.samples, inputs.columns) == ((1,), (37,), (1,))
    assert inputs.column_names == (("b",) if names else ())
    assert targets.finite


def test_arrays_are_named_as_the_user_names_them():
    inputs = {name: keras.Input((2,), name=name) for name in ("wide", "deep")}
    outputs = keras.layers.Dense(1, name="price")(keras.layers.Concatenate()(list(inputs.values())))
    model = keras.Model(inputs, {"price": outputs})
    model.compile("sgd", "mse")
    x, y = batch()
    data = ({"wide": x[:, :2], "deep": x[:, 2:]}, {"price": y}, tf.ones(16))
    looks = dissect(model, data, NOWHERE).arrays
    assert [(look.role, look.name) for look in looks] == [
        ("input", "deep"),
        ("input", "wide"),
        ("target", "price"),
        ("sample_weight", "sample_weight"),
    ]


def test_every_output_and_each_ones_own_loss_is_looked_at():
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(1, name=name)(inputs) for name in ("price", "size")}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"price": "mse", "size": lambda a, b: tf.math.log(b) * a})
    x, y = batch()
    autopsy = dissect(model, (x, {"price": y, "size": y}), NOWHERE)
    assert [(look.role, look.name) for look in autopsy.predictions] == [
        ("prediction", "price"),
        ("prediction", "size"),
    ]
    assert [(term.output, term.kind, term.custom) for term in autopsy.terms] == [
        ("price", "mean_squared_error", False),
        ("size", "<lambda>", True),
    ]
    size = model(x)["size"].numpy()[:, 0]
    assert autopsy.terms[0].rows == ()
    assert autopsy.terms[1].rows == tuple(np.flatnonzero(size <= 0))


def test_what_was_seen_before_the_step_raised_survives():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = state_of(model)
    autopsy = dissect(model, (batch()[0], tf.fill((16,), 7)), NOWHERE)
    assert autopsy.raised.startswith("InvalidArgumentError")
    assert [look.kind for look in autopsy.layers] == ["Dense"]
    assert autopsy.predictions[0].sums_to_one
    assert autopsy.repeated
    assert state_of(model) == before


def test_a_step_that_is_fine_when_repeated_says_so():
    assert not dissect(mlp(), batch(), NOWHERE).repeated
    assert dissect(mlp(), batch(), NOWHERE, update_finite=False).repeated


def test_layers_are_described():
    dead = keras.layers.Dense(3, "relu", bias_initializer=keras.initializers.Constant(-99.0))
    flat = keras.layers.Dense(2, "tanh", bias_initializer=keras.initializers.Constant(9.0))
    model = keras.Sequential([keras.Input((4,)), dead, flat, keras.layers.ReLU()])
    model.compile("sgd", "mse")
    x, y = batch()
    looks = dissect(model, (x, tf.concat([y, y], 1)), NOWHERE).layers
    assert [look.activation for look in looks] == ["relu", "tanh", "relu"]
    assert [look.units for look in looks] == [3, 2, 2]
    assert (looks[0].zero_share, looks[0].dead_share, looks[0].row_spread) == (1.0, 1.0, 0.0)
    assert looks[0].input_largest == pytest.approx(float(tf.reduce_max(abs(x))))
    assert looks[1].saturated_share == 1.0


def test_variables_are_described():
    model = mlp(hidden=(8,))
    model.layers[1].bias.assign([3.0])
    unused = model.add_weight(shape=(2,), initializer="zeros", name="unused")
    looks = {look.name: look for look in dissect(model, batch(), NOWHERE).variables}
    kernel = looks[model.layers[0].kernel.path]
    assert (kernel.size, kernel.constant, kernel.connected) == (32, False, True)
    assert not looks[unused.path].connected
    assert looks[unused.path].constant


def test_parts_of_a_model_that_its_own_step_calls_are_watched():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = keras.layers.Dense(1, name="part")

        def train_step(self, data):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self.part(data[0]) - data[1]) ** 2)
            gradients = tape.gradient(loss, self.part.trainable_variables)
            self.optimizer.apply(gradients, self.part.trainable_variables)
            return {"loss": loss}

    model = Own()
    model.compile("sgd")
    autopsy = dissect(model, batch(), NOWHERE)
    assert [look.name for look in autopsy.layers] == ["part"]
    assert len(autopsy.predictions) == 1


def test_layers_that_keras_does_not_find_from_the_model_are_told():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.found = keras.layers.Dense(1)
            lost = keras.layers.Dense(3, name="lost")
            self.hide = lambda x: lost(x)

        def call(self, x):
            return self.found(self.hide(x))

    model = Net()
    model.compile("sgd", "mse")
    model(batch()[0])
    looks = dissect(model, batch(), NOWHERE).layers
    assert {look.name: look.untracked for look in looks} == {"lost": True, model.found.name: False}


def test_variables_that_no_step_has_moved_are_told():
    class HeadOnly(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = keras.layers.Dense(4), keras.layers.Dense(1)

        def call(self, x):
            return self.head(self.body(x))

        def train_step(self, data):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(data[0]) - data[1]) ** 2)
            weights = self.head.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    model = HeadOnly()
    model.compile("sgd")
    model(batch()[0])
    before = dissect(model, batch(), NOWHERE)
    assert {look.layer for look in before.untrained} == {model.body.name, model.head.name}
    model.train_on_batch(*batch())
    after = dissect(model, batch(), NOWHERE)
    assert {look.layer for look in after.untrained} == {model.body.name}
    assert {look.layer for look in after.variables} == {model.head.name}
