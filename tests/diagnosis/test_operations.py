"""Single operations: which one made a value that is not finite, on which line, in which rows."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from fits import mlp, state_of, table
from nanwatch.autopsy.dissect import dissect
from nanwatch.autopsy.operations import OperationWatch
from nanwatch.recorder.source import DataSource


def looked_at(model, x=None, y=None):
    own_x, own_y = table(16)
    x, y = own_x if x is None else x, own_y if y is None else y
    return dissect(model, (tf.constant(x), tf.constant(y)), DataSource())


def with_layer(layer):
    model = keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def log_of_prediction(y_true, y_pred):
    return ops.square(y_true - y_pred) + 0.1 * ops.log(y_pred)


class LogLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return tf.math.log(y_pred[:, 0]) - y_true[:, 0]


@tf.function
def compiled(y_true, y_pred):
    return tf.math.log(y_pred) * y_true


@pytest.mark.parametrize(
    "loss", [log_of_prediction, LogLoss(), compiled, lambda y, p: ops.log(p) + y]
)
def test_the_line_of_a_loss_and_its_rows_are_told(loss):
    model = mlp(loss=loss)
    autopsy = looked_at(model)
    found = autopsy.operation
    predictions = model.predict(table(16)[0], verbose=0)
    assert (found.kind, found.stage, found.layer) == ("Log", "loss", "")
    assert found.source_line.startswith("test_operations.py:")
    assert "log(" in found.code
    assert (found.low, found.high) == pytest.approx((predictions.min(), predictions.max()))
    assert found.rows == tuple(np.flatnonzero(predictions[:, 0] <= 0))
    assert autopsy.terms[0].custom
    assert autopsy.terms[0].rows == found.rows


def test_code_that_was_typed_and_not_saved_has_a_line_as_well():
    names = {"ops": ops}
    exec("def loss(y, p):\n    return ops.log(p - 9.0)", names)  # noqa: S102 - a notebook does so
    assert looked_at(mlp(loss=names["loss"])).operation.source_line == "<string>:2"


def test_a_loss_of_the_librarys_own_has_no_line():
    found = looked_at(mlp(loss="poisson")).operation
    assert (found.kind, found.stage, found.source_line) == ("Log", "loss", "")


def test_the_layer_and_its_line_are_told():
    class Share(layers.Layer):
        def call(self, x):
            return x / ops.sum(x, axis=-1, keepdims=True)

    x = np.abs(table(16)[0])
    x[5] = 0.0
    autopsy = looked_at(with_layer(Share(name="share")), x)
    found = autopsy.operation
    assert (found.kind, found.stage, found.layer, found.rows) == ("RealDiv", "layer", "share", (5,))
    assert found.code == "return x / ops.sum(x, axis=-1, keepdims=True)"
    assert found.low == 0
    assert not found.empty


def test_an_operation_of_a_functional_graph_is_named():
    keras.utils.clear_session()  # the graph's operations are named and numbered by Keras
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1)(ops.log(inputs)))
    model.compile("sgd", "mse")
    assert looked_at(model).operation.layer == "log"


def test_what_a_layer_adds_to_the_loss_belongs_to_the_loss():
    class Penalised(layers.Layer):
        def call(self, x):
            self.add_loss(ops.mean(ops.log(x)))
            return x

    found = looked_at(with_layer(Penalised())).operation
    assert (found.kind, found.stage, found.layer) == ("Log", "loss", "penalised")


def test_what_is_finite_only_by_a_number_that_rounding_loses_is_told_with_its_rows():
    def loss(y_true, y_pred):
        p = ops.cast(y_true > 9.0, "float32")
        return ops.mean(y_pred, axis=-1) + ops.mean(ops.log(1 - p + 1e-8), axis=-1)

    y = table(16)[1]
    y[3] = 10.0
    autopsy = looked_at(mlp(loss=loss), y=y)
    (near,) = autopsy.near
    assert (near.kind, near.stage, near.rows) == ("Log", "loss", (3,))
    assert near.low == pytest.approx(1e-8)
    assert looked_at(mlp(loss=loss)).near == ()


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        (lambda e: ops.sqrt(ops.sum(ops.square(e), axis=-1)), "Sqrt"),
        (lambda e: ops.sum(ops.abs(e), axis=-1) ** 0.5, "Pow"),
        (lambda e: tf.norm(e, axis=-1), "Sqrt"),
        (lambda e: tf.math.reduce_euclidean_norm(e, axis=-1), "EuclideanNorm"),
    ],
)
def test_a_bad_gradient_is_traced_back_to_the_line_whose_slope_it_is(root, kind):
    def loss(y_true, y_pred):
        return root(y_pred * y_true)

    y = table(16)[1]
    y[3] = 0.0
    autopsy = looked_at(mlp(loss=loss), y=y)
    assert math.isfinite(autopsy.loss)
    assert autopsy.operation.stage == "gradient"
    assert autopsy.operation.source_line == autopsy.risks[0].source_line
    assert (autopsy.risks[0].kind, autopsy.risks[0].rows) == (kind, (3,))


def test_a_masked_logarithm_is_found_behind_a_bad_gradient():
    def loss(y_true, y_pred):
        p = ops.relu(y_pred)
        return tf.where(p > 0, tf.math.log(p), 0.0)

    autopsy = looked_at(mlp(loss=loss))
    assert math.isfinite(autopsy.loss)
    assert [risk.kind for risk in autopsy.risks] == ["Log"]


def test_masks_of_minus_infinity_are_nobodys_fault():
    soft = layers.Lambda(lambda x: ops.softmax(ops.where(x > -9.0, x, -np.inf)))
    autopsy = looked_at(with_layer(soft))
    assert (autopsy.operation, autopsy.repeated) == (None, False)


def test_a_row_that_is_masked_throughout_is_told():
    soft = layers.Lambda(lambda x: ops.softmax(ops.where(x > 0.0, x, -np.inf)))
    x = np.ones((16, 4), "float32")
    x[7] = -1.0
    found = looked_at(with_layer(soft), x).operation
    assert (found.kind, found.empty, found.rows) == ("Softmax", "softmax", (7,))


def by_hand(x):
    powers = ops.exp(x) * ops.cast(x > 0.0, "float32")
    return powers / ops.sum(powers, axis=-1, keepdims=True)


def test_so_is_one_in_a_softmax_by_hand():
    x = np.ones((16, 4), "float32")
    x[7] = -1.0
    found = looked_at(with_layer(layers.Lambda(by_hand)), x).operation
    assert (found.kind, found.empty, found.rows) == ("RealDiv", "softmax", (7,))


def masked_by_truth(y, p):
    counts = ops.cast(y > 1e3, "float32")
    return ops.sum(counts * ops.square(y - p)) / ops.sum(counts)


def masked_by_column(y, p):
    return ops.sum(ops.square(y[:, :1] - p) * y[:, 1:]) / ops.sum(y[:, 1:])


def mean_of_nothing(y, p):
    return tf.reduce_mean(tf.boolean_mask(y - p, y > 1e3))


@pytest.mark.parametrize("loss", [masked_by_truth, masked_by_column, mean_of_nothing])
def test_a_mean_over_nothing_is_told_from_other_divisions(loss):
    y = np.zeros((16, 2), "float32") if loss is masked_by_column else None
    assert looked_at(mlp(loss=loss), y=y).operation.empty == "mean"


def test_nan_of_the_batch_is_no_operations_fault():
    x, y = table(16)
    x[3, 1] = math.nan
    autopsy = looked_at(mlp(loss=lambda y, p: ops.log(1.0 + ops.square(y - p))), x, y)
    assert math.isnan(autopsy.loss)
    assert autopsy.operation is None


def test_a_constant_that_half_precision_rounds_away_is_seen():
    def loss(y_true, y_pred):
        small = ops.cast(ops.relu(y_pred), "float16")
        return ops.log(small + 1e-8)

    found = looked_at(mlp(loss=loss)).operation
    assert (found.kind, found.dtype, found.lost_epsilon) == ("Log", "float16", True)


def test_an_update_that_fails_is_made_once_more_and_undone():
    model = mlp(optimizer=keras.optimizers.Adam(0.01, epsilon=0.0))
    x, y = table(16)
    x[:, 2] = 0.0
    batch = (tf.constant(x), tf.constant(y))
    model.optimizer.build(model.trainable_variables)
    before = state_of(model)
    autopsy = dissect(model, batch, DataSource(), update_finite=False)
    assert (autopsy.operation.kind, autopsy.operation.stage) == ("RealDiv", "step")
    assert state_of(model) == before


def test_after_the_time_is_over_operations_run_unwatched():
    watch = OperationWatch(rows=2, running=[], seconds=-1.0)
    with watch.watching():
        value = tf.math.log(tf.constant([0.0, 1.0]))
    assert watch.origin(value) is None


def test_watching_ends_with_its_block():
    watch = OperationWatch(rows=2, running=[])
    with watch.watching():
        assert tf.config.functions_run_eagerly()
        inside = tf.math.log(tf.constant([0.0, 1.0]))
    outside = tf.math.log(tf.constant([0.0, 1.0]))
    assert watch.origin(inside).kind == "Log"
    assert watch.origin(outside) is None
    assert not tf.config.functions_run_eagerly()


@pytest.mark.parametrize(("column", "crosses"), [(True, 0), (False, 1)])
def test_rows_that_are_compared_with_every_other_are_told_with_the_line(column, crosses):
    def first_column(y_true, y_pred):
        wanted = y_true[:, :1] if column else y_true[:, 0]
        return ops.mean((wanted - y_pred) ** 2)

    model = mlp()
    model.compile("sgd", first_column)
    found = looked_at(model).crossed
    assert [look.code.partition("(")[0] for look in found] == ["return ops.mean"] * crosses
