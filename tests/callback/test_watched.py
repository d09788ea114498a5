"""Several steps in one call of the graph: nobody can tell, but for the time it takes."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import (
    Recording,
    batches_of,
    is_finite,
    losses_alone,
    mlp,
    noisy_mlp,
    recorded,
    state_of,
    table,
)
from nanwatch.recorder.watched import HELD, WatchedFunction


def calls(monkeypatch):
    """The number of batches of each call."""
    made, run = [], WatchedFunction.run
    monkeypatch.setattr(WatchedFunction, "run", lambda f, b: made.append(len(b)) or run(f, b))
    return made


@pytest.mark.parametrize("at_once", [3, 8])
def test_every_batch_of_an_execution_is_told(at_once, monkeypatch):
    made = calls(monkeypatch)
    x, y = table(121)
    watched, alone = noisy_mlp(steps_per_execution=at_once), noisy_mlp(steps_per_execution=at_once)
    recording = recorded(watched, x, y, on_nonfinite="stop", epochs=2)
    alone.fit(x, y, batch_size=16, shuffle=False, verbose=0, epochs=2)
    assert state_of(watched) == state_of(alone)
    assert watched.history.history == alone.history.history
    assert recording.losses == pytest.approx(losses_alone(noisy_mlp(), batches_of(x, y) * 2))
    assert 1 < max(made) <= at_once
    assert sum(made) == 16


@pytest.mark.parametrize("wish", ["stop", "skip", "rollback"])
def test_an_execution_halts_at_a_step_that_is_not_finite(wish):
    x, y = table()
    x[35] = math.nan
    model = noisy_mlp(steps_per_execution=4)
    recording = recorded(model, x, y, on_nonfinite=wish, stop=wish == "stop", epochs=2)
    assert [step.index for step in recording.steps if not step.finite] == (
        [2] if wish == "stop" else [2, 6]
    )
    assert len(recording.steps) == (3 if wish == "stop" else 8)
    assert is_finite(model)


@keras.saving.register_keras_serializable()
def strict(a, b):
    tf.debugging.assert_less(a, 100.0, message="too large")
    return tf.reduce_mean((a - b) ** 2, -1)


def test_the_batch_that_raises_is_found_among_its_execution():
    x, y = table(128)
    y[16 * 6] = 1e6
    model, recording = mlp(loss=strict, steps_per_execution=8), Recording("stop")
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[recording])
    assert [step for step, _ in recording.errors] == [6]


def test_large_batches_are_not_taken_together(monkeypatch):
    made = calls(monkeypatch)
    x = np.zeros((8, HELD // 8), "float32")
    model = mlp(width=x.shape[1], hidden=(), steps_per_execution=4)
    recorded(model, x, np.ones((8, 1), "float32"), batch_size=2)
    assert made == [1] * 4
