"""Fits that are left in the middle, run at once or inside of each other; and loops without fit."""

import gc
import math
import threading

import keras
import numpy as np
import pytest

from fits import (
    FIT,
    Again,
    Raising,
    Recording,
    batches_of,
    losses_alone,
    mlp,
    noisy_mlp,
    recorded,
    state_of,
    table,
)
from nanwatch import NanWatch
from nanwatch.events import RunEnded
from nanwatch.recorder.seen import MARK
from nanwatch.recorder.standin import FitLeftError
from stored import kinds_of, series_of


def left(model, watch, error=KeyboardInterrupt):
    """A fit that is left; the error holds its frame, as a notebook does."""
    try:
        model.fit(*table(), callbacks=[watch, Raising(error())], **FIT)
    except error as kept:
        return kept


@pytest.fixture
def offline(home, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    return home


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_when_the_fits_frame_is_gone_the_train_function_is_the_models_own(offline, error):
    model, watch = mlp(), NanWatch(verbose=0)
    kept = left(model, watch, error)
    assert hasattr(model.train_function, MARK)
    del kept
    gc.collect()
    assert not hasattr(model.train_function, MARK)
    (end,) = kinds_of(offline, watch.run_id, RunEnded)
    assert end.state in ("failed", "interrupted")


def test_an_unwatched_fit_after_a_kept_one_is_not_told_and_trains_as_ever(offline):
    model, alone, watch = noisy_mlp(), noisy_mlp(), NanWatch(verbose=0)
    kept = left(model, watch)
    assert left(alone, keras.callbacks.Callback()) is not None
    histories = [m.fit(*table(), epochs=2, **FIT).history for m in (model, alone)]
    assert histories[0] == histories[1]
    assert state_of(model) == state_of(alone)
    assert list(series_of(offline, watch.run_id, "batch/loss")) == [0, 1]
    assert len(kinds_of(offline, watch.run_id, RunEnded)) == 1
    assert kept is not None
    assert not hasattr(model.train_function, MARK)


def test_a_watched_fit_after_a_kept_one_is_watched_to_its_end(offline):
    model, first, second = mlp(), NanWatch(verbose=0), NanWatch(verbose=0)
    kept = left(model, first)
    ends = Dropping(kept)
    del kept
    model.fit(*table(), callbacks=[second, ends], epochs=2, **FIT)
    assert list(series_of(offline, second.run_id, "batch/loss")) == list(range(8))
    assert not hasattr(model.train_function, MARK)


class Dropping(keras.callbacks.Callback):
    """Lets the frame of an earlier fit go in the middle of this one."""

    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    def on_train_batch_end(self, batch, logs=None):
        self.kept = None
        gc.collect()


def test_another_fit_is_told_as_such_once():
    model, recording = mlp(), Recording("stop")
    kept = left(model, recording)
    model.fit(*table(), **FIT)
    ((step, error),) = recording.errors
    assert (step, type(error)) == (2, FitLeftError)
    assert kept is not None


def test_fits_of_two_models_in_two_threads_do_not_see_each_other():
    models, recordings = [mlp(), noisy_mlp()], [Recording("stop"), Recording("stop")]
    threads = [
        threading.Thread(target=model.fit, args=table(), kwargs={**FIT, "callbacks": [recording]})
        for model, recording in zip(models, recordings, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recordings[0].losses == losses_alone(mlp(), batches_of(*table()))
    assert len(recordings[1].losses) == 4
    assert not any(hasattr(model.train_function, MARK) for model in models)


class Inner(keras.callbacks.Callback):
    """Fits another model in the middle of a fit, and that one is watched too."""

    def on_train_batch_end(self, batch, logs=None):
        self.recording = recorded(mlp(), *table(), on_nonfinite="stop")


def test_a_fit_inside_of_a_fit_is_recorded_apart():
    inner, outer, model = Inner(), Recording("stop"), mlp()
    model.fit(*table(), callbacks=[outer, inner], **FIT)
    losses = losses_alone(mlp(), batches_of(*table()))
    assert outer.losses == inner.recording.losses == losses
    assert outer.errors == []


def test_an_inner_fit_of_the_same_model_can_be_watched_as_well():
    model, outer, inner = noisy_mlp(), Recording("stop"), Recording("stop")
    model.fit(*table(), callbacks=[outer, Again(inner)], epochs=2, **FIT)
    assert (len(outer.steps), len(inner.steps)) == (8, 2)
    assert not hasattr(model.train_function, MARK)


def test_what_was_kept_before_an_inner_fit_is_not_taken_for_the_way_to_now():
    kept = []

    class Looking(Recording):
        def on_train_batch_end(self, batch, logs=None):
            kept.append([at for at, _ in self.recorder.batches.since(0)])

    mlp().fit(*table(), callbacks=[Again(), Looking("stop")], **FIT)
    assert kept == [[0], [], [2], [2, 3]]


def by_hand(model, watch, epochs=2):
    """A loop of the user's own round `train_on_batch`."""
    callbacks = keras.callbacks.CallbackList([watch], model=model)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for index, batch in enumerate(batches_of(*table())):
            callbacks.on_train_batch_begin(index)
            logs = model.train_on_batch(*batch, return_dict=True)
            callbacks.on_train_batch_end(index, logs)
            if model.stop_training:
                break
        callbacks.on_epoch_end(epoch, logs)
    callbacks.on_train_end()


def test_a_loop_by_hand_is_recorded_batch_by_batch():
    watched, alone, recording = noisy_mlp(), noisy_mlp(), Recording("stop")
    by_hand(watched, recording)
    assert recording.losses == losses_alone(alone, batches_of(*table()) * 2)
    assert state_of(watched) == state_of(alone)
    assert not hasattr(watched.train_function, MARK)


def test_a_loop_by_hand_is_a_run_like_any_other(offline):
    watch, model = NanWatch(verbose=0), mlp()
    by_hand(model, watch)
    losses = losses_alone(mlp(), batches_of(*table()) * 2)
    assert list(series_of(offline, watch.run_id, "batch/loss").values()) == losses
    assert kinds_of(offline, watch.run_id, RunEnded)[0].state == "finished"


def test_what_another_callback_raises_leaves_finite_weights():
    x, y = table()
    x[20] = math.nan
    model = noisy_mlp()
    with pytest.raises(RuntimeError):
        model.fit(x, y, callbacks=[Recording("stop"), Raising(RuntimeError())], **FIT)
    assert np.isfinite(np.concatenate([w.ravel() for w in model.get_weights()])).all()
