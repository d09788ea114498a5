"""The model is left as it was, whatever ends a fit; nothing of ours is in what is saved of it."""

import pickle

import keras
import numpy as np
import pytest

from backends.trainings import BACKEND, alone
from fits import (
    FIT,
    Again,
    Raising,
    Recording,
    batches_of,
    mlp,
    noisy_mlp,
    recorded,
    state_of,
    table,
)
from nanwatch.recorder.seen import MARK


def test_after_the_fit_the_model_is_as_it_was():
    x, y = table()
    model = noisy_mlp()
    model.fit(x, y, verbose=0)
    own, attributes = model.train_function, set(vars(model))
    slots = set(vars(model.optimizer))
    recorded(model, x, y, on_nonfinite="skip")
    assert model.train_function is own
    assert set(vars(model)) == attributes
    assert set(vars(model.optimizer)) == slots
    assert model.fit(x, y, verbose=0).history["loss"]


def test_a_second_fit_and_a_model_compiled_anew_are_recorded():
    x, y = table()

    def trained(train):
        model = noisy_mlp()
        losses = [*train(model), *train(model)]
        model.compile("adam", "mae")
        return [*losses, *train(model)], state_of(model)

    losses, state = trained(lambda model: recorded(model, x, y, on_nonfinite="stop").losses)
    expected, expected_state = trained(lambda model: alone(model, x, y))
    assert losses == pytest.approx(expected, rel=1e-6)
    assert state == expected_state


@pytest.mark.every_backend
@pytest.mark.parametrize("error", [RuntimeError("stop here"), KeyboardInterrupt()])
def test_a_fit_that_was_left_does_not_harm_the_next(error):
    x, y = table()
    model, recording = mlp(), Recording("stop")
    with pytest.raises(type(error)):
        model.fit(x, y, batch_size=16, verbose=0, callbacks=[recording, Raising(error)])
    again = recorded(model, x, y)
    assert len(again.steps) == 4
    assert not hasattr(model.train_function, MARK)
    assert len(recording.steps) == 2


@pytest.mark.every_backend
def test_a_fit_of_the_same_model_inside_of_its_fit_does_not_end_the_watching():
    watched, outer = noisy_mlp(), Recording("stop")
    watched.fit(*table(), callbacks=[outer, Again()], epochs=2, **FIT)
    alone = noisy_mlp()
    alone.fit(*table(), callbacks=[Again()], epochs=2, **FIT)
    assert [step.index for step in outer.steps] == list(range(8))
    assert outer.errors == []
    assert state_of(watched) == state_of(alone)
    assert not hasattr(watched.train_function, MARK)


class Refusing(keras.layers.Layer):
    """Raises what its error is set to."""

    error = None

    def call(self, x):
        if self.error is not None:
            raise self.error
        return x


class Arming(keras.callbacks.Callback):
    """Has a layer raise in the third step."""

    def __init__(self, layer, error):
        super().__init__()
        self.layer, self.error = layer, error

    def on_train_batch_end(self, batch, logs=None):
        self.layer.error = self.error if batch == 1 else None


@pytest.mark.parametrize("error", [ValueError("too large"), KeyboardInterrupt()])
def test_what_a_step_raises_is_told_and_goes_on_its_way(error):
    x, y = table()
    refusing = Refusing()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1), refusing])
    model.compile("sgd", "mse", run_eagerly=True)
    recording = Recording("stop")
    with pytest.raises(type(error)):
        model.fit(
            x,
            y,
            batch_size=16,
            shuffle=False,
            verbose=0,
            callbacks=[recording, Arming(refusing, error)],
        )
    assert [index for index, _ in recording.errors] == [2]
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_step_that_cannot_be_traced_fails_as_it_would_unwatched():
    x, _ = table()
    model, recording = mlp(), Recording("stop")
    weights = model.get_weights()
    with pytest.raises(Exception, match=r"shape|size"):
        model.fit(x, np.zeros((64, 3, 5)), verbose=0, callbacks=[recording])
    for weight, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(weight, before)


@pytest.mark.skipif(BACKEND == "torch", reason="the stream is read outside of the step")
def test_a_stream_that_raises_is_told():
    def broken():
        yield from batches_of(*table())[:2]
        raise OSError("disk gone")

    recording = Recording("stop")
    with pytest.raises(OSError, match="disk gone"):
        mlp().fit(broken(), shuffle=False, verbose=0, callbacks=[recording])
    ((index, error),) = recording.errors
    assert index == 2
    assert "disk gone" in str(error)


class Saving(keras.callbacks.Callback):
    """Saves, clones and pickles the model in the middle of its fit."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def on_train_batch_end(self, batch, logs=None):
        if BACKEND == "jax":
            self.model.jax_state_sync()
        self.model.save(self.folder / "model.keras")
        self.model.save_weights(self.folder / "m.weights.h5")
        self.pickled = pickle.dumps(self.model)
        self.cloned = keras.models.clone_model(self.model)


def test_nothing_of_ours_is_in_a_model_saved_during_the_fit(tmp_path):
    x, y = table()
    model, saving = noisy_mlp(), Saving(tmp_path)
    model.fit(x, y, verbose=0, callbacks=[Recording("stop"), saving])
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for copy in (loaded, pickle.loads(saving.pickled), saving.cloned):  # noqa: S301 - our own
        assert not hasattr(copy.train_function, MARK)
        assert "train_step" not in vars(copy)
    assert loaded.fit(x, y, verbose=0).history["loss"]
    assert b"nanwatch" not in (tmp_path / "model.keras").read_bytes() + saving.pickled


def test_a_model_too_strange_to_watch_is_read_from_its_logs():
    x, y = table()
    model, unwatched = mlp(), mlp()
    recording = recorded(model, x, y, probes="off")
    assert recording.losses == pytest.approx(alone(unwatched, x, y), rel=1e-5)
    assert "probes are off" in recording.recorder.notes[0]
