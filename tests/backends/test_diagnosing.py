"""A watched fit on JAX and torch ends in the same diagnosis as one on TensorFlow."""

import math

import keras
import numpy as np
import pytest

from fits import is_finite, mlp, noisy_mlp, recorded, table
from nanwatch import NanWatch
from nanwatch.autopsy.dissect import dissect
from nanwatch.recorder.source import DataSource
from stored import series_of


def watched(model, x, y, **options):
    watch = NanWatch(verbose=0, **options)
    model.fit(x, y, batch_size=16, shuffle=False, epochs=2, verbose=0, callbacks=[watch])
    return watch


@pytest.mark.parametrize("wish", ["stop", "skip", "rollback", "record"])
def test_a_nan_in_the_features_is_named_with_its_row_and_column(offline, wish):
    x, y = table()
    x[40, 1] = math.nan
    model = noisy_mlp()
    diagnosis = watched(model, x, y, on_nonfinite=wish).diagnoses[0]
    cause = diagnosis.causes[0]
    assert (cause.label, diagnosis.first_step) == ("nan_in_features", 2)
    assert (cause.where["samples"], cause.where["columns"]) == ([40], [1])
    assert is_finite(model) == (wish != "record")


def test_a_nan_in_the_labels_is_told_from_one_in_the_features(offline):
    x, y = table()
    y[40] = math.nan
    assert watched(mlp(), x, y).diagnoses[0].causes[0].label == "nan_in_labels"


def test_the_points_are_kept(offline):
    x, y = table()
    y[40] = math.nan
    losses = series_of(offline, watched(mlp(), x, y).run_id, "batch/loss")
    assert [math.isnan(losses[step]) for step in range(3)] == [False, False, True]


def test_going_back_halves_the_rate(offline):
    x, y = table()
    x[40, 1] = math.nan
    model = noisy_mlp()
    watched(model, x, y, on_nonfinite="rollback")
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001 / 4)


class Root(keras.layers.Layer):
    def call(self, x):
        return keras.ops.sqrt(x)


def test_the_layer_in_which_a_nan_is_born_is_found():
    x, y = table(16)
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(8, name="before"), Root(name="root"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("sgd", "mse")
    model.fit(x, y, verbose=0)
    model.set_weights([np.full_like(w, -1.0) for w in model.get_weights()])
    autopsy = dissect(model, (x, y), DataSource())
    assert autopsy.born_in.name == "root"
    assert (autopsy.predictions_finite, autopsy.gradients_finite) == (False, False)
    assert math.isnan(autopsy.loss)


def test_a_dissection_leaves_the_model_as_it_was():
    x, y = table(16)
    model = noisy_mlp()
    recorded(model, x, y)
    before = [w.tobytes() for w in model.get_weights()]
    autopsy = dissect(model, (x, y), DataSource())
    assert [w.tobytes() for w in model.get_weights()] == before
    assert math.isfinite(autopsy.loss)
    assert autopsy.gradient_norm > 0


def shaky(callbacks):
    """Weights of a fit whose own loss is looked into at the first batch."""
    keras.utils.set_random_seed(7)
    layers = [keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("sgd", lambda y, p: keras.ops.mean((y - p[:, 0]) ** 2))
    model.fit(*table(), batch_size=16, epochs=2, verbose=0, callbacks=callbacks)
    return model.get_weights()


def test_a_look_at_the_first_step_draws_no_number_of_the_training(offline):
    watch = NanWatch(verbose=0)
    for alone, watched_too in zip(shaky([]), shaky([watch]), strict=True):
        np.testing.assert_array_equal(alone, watched_too)
