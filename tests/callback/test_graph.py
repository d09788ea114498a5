"""Small questions to tensors."""

import numpy as np
import pytest
import tensorflow as tf

from fits import FAULTS, mlp, recorded, spoilt, table
from nanwatch.recorder.graph import all_finite, is_finite, numbers_of


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_cell_that_is_not_finite_is_seen(value):
    cells = np.ones(8, "float32")
    assert all_finite([tf.constant(cells), tf.constant([1])])
    cells[5] = value
    assert not all_finite([tf.constant([1]), tf.constant(cells)])


def test_nothing_and_the_largest_numbers_are_finite():
    assert is_finite(None)
    assert all_finite([])
    assert is_finite(tf.fill((64,), tf.float32.max))


def test_the_numbers_of_ragged_and_sparse_parts_count():
    ragged = tf.ragged.constant([[1.0], [2.0, np.inf]])
    sparse = tf.sparse.from_dense([[0.0, np.nan]])
    assert not all_finite(numbers_of({"a": ragged, "b": None}))
    assert not all_finite(numbers_of((sparse, tf.constant(["text"]))))


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_finite_in_a_batch_reaches_its_loss_and_gradients(fault):
    x, y, w = spoilt(fault)
    step = recorded(mlp(hidden=()), x, y, sample_weight=w, on_nonfinite="stop").steps[2]
    assert not step.finite
    assert np.isfinite([step.points["batch/loss"], step.points["batch/grad_norm"]]).sum() == 0


def test_a_relu_may_swallow_a_nan_that_the_gradients_show():
    x, y, _ = spoilt("NaN in x")
    step = recorded(mlp(), x, y, on_nonfinite="stop").steps[2]
    assert not step.finite
    assert np.isfinite(step.points["batch/loss"])
    assert not np.isfinite(step.points["batch/grad_norm"])


@pytest.mark.parametrize("probes", ["full", "light"])
def test_a_loss_that_overflows_is_looked_at_closely_by_full_probes_only(probes):
    x, y = table()
    step = recorded(mlp(), x * 1e30, y * 1e30, probes=probes, on_nonfinite="stop").steps[0]
    assert not np.isfinite(step.points["batch/loss"])
    assert bool(step.details) == (probes == "full")
