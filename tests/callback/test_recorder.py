"""A recorded fit that is left in the middle, or whose step or stream raises.

What is recorded of the others, over every road through Keras, stands in tests/recorder.
"""

import sys

import keras
import pytest
import tensorflow as tf

from fits import (
    OneLayer,
    Recording,
    batches_of,
    losses_alone,
    mlp,
    recorded,
    state_of,
    table,
)
from nanwatch.recorder import validation


def test_after_the_fit_the_train_function_is_the_models_own():
    x, y = table()
    model = mlp()
    model.fit(x, y, verbose=0)
    own = model.train_function
    recorded(model, x, y)
    assert model.train_function is own
    assert "train_step" not in vars(model)
    assert model.fit(x, y, verbose=0).history["loss"]


def test_what_a_step_raises_is_told_and_goes_on_its_way():
    x, y = table()

    @keras.saving.register_keras_serializable()
    def refusing(a, b):
        tf.debugging.assert_less(a, 100.0, message="too large")
        return tf.reduce_mean((a - b) ** 2, -1)

    y[40] = 1e6
    model, recording = mlp(loss=refusing), Recording("stop")
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=[recording])
    assert [index for index, _ in recording.errors] == [2]


def test_a_stream_that_raises_is_told():
    def broken():
        yield from batches_of(*table())[:2]
        raise OSError("disk gone")

    recording = Recording("stop")
    with pytest.raises(tf.errors.UnknownError, match="disk gone"):
        mlp().fit(broken(), shuffle=False, verbose=0, callbacks=[recording])
    ((index, error),) = recording.errors
    assert index == 2
    assert "disk gone" in str(error)


class Private(OneLayer):
    """A step that refuses to be called by another one."""

    def train_step(self, data):
        if hasattr(tf.GradientTape.gradient, "__wrapped__"):
            raise RuntimeError("not like this")
        return super().train_step(data)

    def test_step(self, data):
        if sys._getframe(1).f_code.co_filename == validation.__file__:
            raise RuntimeError("not like this")
        return super().test_step(data)


def private(**compiled):
    keras.utils.set_random_seed(7)
    model = Private()
    model.compile("sgd", "mse", **compiled)
    return model


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_step_that_cannot_be_watched_runs_alone_and_its_logs_are_read(at_once, run_eagerly):
    how = {"steps_per_execution": at_once, "run_eagerly": run_eagerly}
    x, y = table()
    watched, alone, recording = private(**how), private(**how), Recording("stop")
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, "epochs": 2}
    watched.fit(x, y, callbacks=[recording], **fit)
    alone.fit(x, y, **fit)
    assert state_of(watched) == state_of(alone)
    assert watched.history.history == alone.history.history
    assert recording.losses == pytest.approx(losses_alone(private(), batches_of(x, y) * 2))
    assert "not like this" in recording.recorder.notes[0]
    assert recording.errors == []


def test_what_cannot_be_read_costs_the_watching_and_not_the_training(monkeypatch):
    def refuse(model, batch):
        raise ValueError("a strange batch")

    monkeypatch.setattr("nanwatch.recorder.base.data_series", refuse)
    x, y = table()
    model, alone = mlp(), mlp()
    recording = recorded(model, x, y)
    losses_alone(alone, batches_of(x, y))
    assert state_of(model) == state_of(alone)
    assert "a strange batch" in recording.recorder.notes[0]


class Validating(Recording):
    def on_test_begin(self, logs=None):
        self.recorder.validation.begin()


def test_a_validation_that_cannot_be_watched_runs_alone():
    x, y = table()
    watched, alone, recording = private(), private(), Validating("stop")
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, "validation_data": (x[:40], y[:40])}
    watched.fit(x, y, callbacks=[recording], **fit)
    alone.fit(x, y, **fit)
    assert watched.history.history == alone.history.history
    assert recording.errors == []
