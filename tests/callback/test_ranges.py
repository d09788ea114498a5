"""The range, mean and spread of a batch's arrays."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import mlp, recorded, table, two_outputs
from nanwatch.recorder.ranges import data_series


def test_range_mean_and_spread_are_those_of_the_array():
    x, y = table()
    seen = data_series(mlp(), (x, y))
    assert (seen["input/input/min"], seen["input/input/max"]) == (x.min(), x.max())
    assert seen["input/input/mean"] == pytest.approx(x.mean(), abs=1e-6)
    assert seen["input/input/std"] == pytest.approx(x.std(), rel=1e-4)


def test_labels_that_are_integers_have_a_range_only():
    x, _ = table(4)
    seen = data_series(mlp(), (x, np.array([3, 0, 9, 1])))
    targets = {k.rpartition("/")[2]: v for k, v in seen.items() if k.startswith("target/")}
    assert targets == {"min": 0.0, "max": 9.0}


def test_half_precision_does_not_overflow():
    x = np.full((64, 64), 60000, "float16")
    assert data_series(mlp(), (x, None))["input/input/mean"] == 60000.0


def test_ragged_and_sparse_parts_are_measured_and_text_is_not():
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    sparse = tf.sparse.from_dense([[0.0, 4.0]])
    seen = data_series(mlp(), ({"a": ragged, "b": sparse, "c": tf.constant(["x"])}, None))
    assert (seen["input/a/max"], seen["input/b/max"]) == (3.0, 4.0)
    assert not any(name.startswith("input/c") for name in seen)


def test_every_output_has_its_target_by_name():
    x, y = table()
    step = recorded(two_outputs(), x, {"price": y, "size": -y}).steps[0]
    assert step.details["target/price/max"] == -step.details["target/size/min"]


def test_an_input_has_the_name_that_its_user_gave_it():
    layers = [keras.Input((4, 4, 3), name="image"), keras.layers.Flatten()]
    images = np.arange(2 * 4 * 4 * 3, dtype="float32").reshape(2, 4, 4, 3)
    assert data_series(keras.Sequential(layers), (images, None))["input/image/max"] == 95.0
