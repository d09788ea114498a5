"""How far an update moves the weights, against the weights before and after it."""

import keras
import numpy as np
import pytest

from fits import mlp, recorded, table
from nanwatch.recorder.moves import MAX_CELLS, Moves


def test_each_variable_has_the_length_of_its_own_way():
    model = mlp(hidden=())
    kernel, bias = model.trainable_variables
    moves = Moves([kernel, bias])
    kernel.assign(kernel + 3.0)
    assert moves.norms() == pytest.approx([6.0, 0.0])


def test_large_weights_are_measured_on_a_sample():
    weight = keras.Variable(np.zeros(4 * MAX_CELLS))
    moves = Moves([weight])
    weight.assign(np.ones(4 * MAX_CELLS))
    assert moves.norms() == pytest.approx([np.sqrt(4 * MAX_CELLS)], rel=0.01)


def test_the_ratio_of_a_step_is_that_of_its_update_to_its_weights():
    x, y = table(16)
    model = mlp(hidden=())
    before = np.concatenate([w.flatten() for w in model.get_weights()])
    (step,) = recorded(model, x, y).steps
    after = np.concatenate([w.flatten() for w in model.get_weights()])
    expected = np.linalg.norm(after - before) / np.linalg.norm(after)
    assert step.details["batch/update_ratio"] == pytest.approx(expected, rel=1e-5)


def test_a_held_back_update_goes_nowhere():
    x, y = table(16)
    x[3] = np.nan
    (step,) = recorded(mlp(), x, y, on_nonfinite="stop").steps
    assert step.details["batch/update_ratio"] == 0.0
