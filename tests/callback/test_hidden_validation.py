"""Validation inputs that are not finite while the validation loss is."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from fits import table
from nanwatch import NanWatch


@pytest.fixture(autouse=True)
def offline(home, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")


def relu_mlp(*first, **dense):
    keras.utils.set_random_seed(7)
    layers = [*first, keras.layers.Dense(8, "relu", **dense), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    return model


def holed(x, column=2):
    x = x.copy()
    x[:, column] = math.nan
    return x


def told(model, x, y, validation):
    watch = NanWatch(verbose=0)
    fit = {"epochs": 2, "batch_size": 16, "verbose": 0, "callbacks": [watch]}
    history = model.fit(x, y, validation_data=validation, **fit).history
    assert np.isfinite(history["val_loss"]).all()
    return [found for found in watch.diagnoses if found.severity != "info"]


@pytest.mark.parametrize("stream", [False, True])
def test_inputs_that_relu_hides_are_told(stream):
    x, y = table()
    data = (holed(x), y)
    if stream:
        data = tf.data.Dataset.from_tensor_slices(data).batch(16)
    (found,) = told(relu_mlp(), x, y, data)
    assert (found.symptom, found.severity) == ("nan_val_only", "warning")
    assert found.causes[0].label == "nan_in_validation_data"
    assert found.causes[0].where["columns"] == [2]
    assert "takes NaN for 0" in found.causes[0].summary


def test_rows_without_weight_may_hold_anything():
    x, y = table()
    z, weight = x.copy(), np.ones(len(x), "float32")
    z[:8, 1], weight[:8] = math.nan, 0.0
    assert told(relu_mlp(), x, y, (z, y, weight)) == []


class Filled(keras.layers.Layer):
    """Takes a missing value for 0."""

    def call(self, x):
        return ops.where(ops.isnan(x), 0.0, x)


def test_a_model_may_fill_in_what_is_missing():
    x, y = table()
    assert told(relu_mlp(Filled()), x, y, (holed(x), y)) == []


def test_what_the_training_data_hold_as_well_is_on_purpose():
    x, y = table()
    assert told(relu_mlp(trainable=False), holed(x), y, (holed(x), y)) == []
