"""Validation during a fit: the batch that spoils its loss, and what its steps raise."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import Recording, batches_of, mlp, noisy_mlp, table
from nanwatch import NanWatch
from nanwatch.recorder.seen import MARK

FIT = {"batch_size": 16, "shuffle": False, "verbose": 0}


class Validating(Recording):
    """Watches the validations as well."""

    def on_test_begin(self, logs=None):
        self.recorder.validation.begin()

    def on_test_end(self, logs=None):
        self.recorder.validation.end()

    @property
    def failure(self):
        return self.recorder.validation.failure


def spoilt():
    x, y = table(seed=8)
    y[40] = math.nan
    return x, y


@pytest.mark.parametrize("at_once", [1, 3, 8])
@pytest.mark.parametrize("stream", [False, True])
def test_the_batch_that_spoils_the_loss_is_kept(at_once, stream):
    model, recording = mlp(steps_per_execution=at_once), Validating("stop")
    data, steps = spoilt(), None
    if stream:
        data, steps = (batch for batch in itertools.cycle(batches_of(*spoilt()))), 4
    more = {"validation_data": data, "validation_steps": steps}
    history = model.fit(*table(), callbacks=[recording], **more, **FIT).history
    index, batch = recording.failure
    assert index == 2
    np.testing.assert_array_equal(np.asarray(batch[1]), spoilt()[1][32:48])
    assert np.isnan(history["val_loss"]).all()


@pytest.mark.parametrize("compiled", [{}, {"steps_per_execution": 3}, {"run_eagerly": True}])
def test_what_the_validation_tells_is_what_it_tells_unwatched(compiled):
    histories, again = [], []
    for callback in (Validating("stop"), keras.callbacks.Callback()):
        model = noisy_mlp(metrics=["mae"], **compiled)
        more = {"validation_data": table(57, seed=8), "epochs": 2, "callbacks": [callback]}
        histories.append(model.fit(*table(), **more, **FIT).history)
        again.append(model.evaluate(*table(57), batch_size=16, verbose=0))
    assert histories[0] == histories[1]
    assert again[0] == again[1]


def test_after_the_fit_the_test_function_is_the_models_own():
    model, recording = mlp(), Validating("stop")
    model.evaluate(*table(), verbose=0)
    own = model.test_function
    model.fit(*table(), validation_data=table(), callbacks=[recording], **FIT)
    assert model.test_function is own
    assert recording.failure is None


class Evaluating(keras.callbacks.Callback):
    """Evaluates the model in the middle of its fit, with callbacks of its own."""

    def on_train_batch_end(self, batch, logs=None):
        self.watched = hasattr(self.model.test_function, MARK)
        self.model.evaluate(*spoilt(), verbose=0)


def test_an_evaluation_that_is_not_the_fits_own_is_not_watched():
    model, recording, evaluating = mlp(), Validating("stop"), Evaluating()
    model.fit(*table(), validation_data=table(), callbacks=[recording, evaluating], **FIT)
    assert recording.failure is None
    assert not evaluating.watched


@keras.saving.register_keras_serializable()
def refusing(a, b):
    tf.debugging.assert_less(a, 100.0, message="too large")
    return tf.reduce_mean((a - b) ** 2, -1)


def test_what_a_validation_step_raises_is_told_and_leaves_no_trace():
    x, y = table()
    y[40] = 1e6
    model, recording = mlp(loss=refusing), Validating("stop")
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        model.fit(*table(), validation_data=(x, y), callbacks=[recording], **FIT)
    ((index, error),) = recording.errors
    assert (index, type(error)) == (2, tf.errors.InvalidArgumentError)
    recording.recorder.uninstall()
    assert not hasattr(model.test_function, MARK)
    assert not hasattr(model.train_function, MARK)


def test_a_validation_stream_that_raises_is_told():
    def broken():
        yield from batches_of(*table())[:2]
        raise OSError("disk gone")

    recording = Validating("stop")
    with pytest.raises(tf.errors.UnknownError, match="disk gone"):
        mlp().fit(*table(), validation_data=broken(), callbacks=[recording], **FIT)
    ((index, error),) = recording.errors
    assert index == 2
    assert "disk gone" in str(error)


def test_the_callback_watches_the_validations_of_its_fit(home, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    watch, model = NanWatch(verbose=0), mlp()
    model.fit(*table(), validation_data=spoilt(), callbacks=[watch], **FIT)
    assert [d.symptom for d in watch.diagnoses] == ["nan_val_only"]
    assert not hasattr(model.test_function, MARK)
