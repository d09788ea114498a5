"""The way back to an earlier state, and from there to where the training was."""

import keras
import numpy as np
import pytest

from fits import Recording, noisy_mlp, recorded, state_of, table
from nanwatch.recorder.rewind import rewind


class RatePerBatch(keras.callbacks.Callback):
    """Sets another learning rate before every batch."""

    def __init__(self):
        super().__init__()
        self.made = 0

    def on_train_batch_begin(self, batch, logs=None):
        self.made += 1
        self.model.optimizer.learning_rate = 0.1 / self.made


class Repeating(Recording):
    """Goes back to the fit's beginning at its end, and makes all steps once more."""

    def on_train_end(self, logs=None):
        self.before = state_of(self.model)
        self.reached = rewind(self.recorder, self.recorder.step, self.recorder.repeat)
        self.after = state_of(self.model)
        super().on_train_end(logs)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_steps_are_repeated_bit_by_bit_under_the_rate_of_each(optimizer):
    model, repeating = noisy_mlp(optimizer), Repeating("stop")
    rates = RatePerBatch()
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0}
    model.fit(*table(), callbacks=[rates, repeating], **fit)
    assert repeating.reached == rates.made == 4
    assert repeating.after == repeating.before


def test_a_schedule_takes_its_own_course():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 9)
    model, repeating = noisy_mlp(keras.optimizers.SGD(schedule)), Repeating("stop")
    model.fit(*table(), batch_size=16, shuffle=False, verbose=0, callbacks=[repeating])
    assert repeating.after == repeating.before


def test_without_all_batches_the_way_ends_at_the_snapshot():
    class Forgetful(Recording):
        def on_train_end(self, logs=None):
            self.recorder.batches.count = 1
            self.recorder.batches.add(4, table())
            self.reached = rewind(self.recorder, 5, self.recorder.repeat)
            super().on_train_end(logs)

    model, forgetful = noisy_mlp(), Forgetful("stop")
    before = state_of(model)
    model.fit(*table(), batch_size=16, shuffle=False, verbose=0, callbacks=[forgetful])
    assert forgetful.reached == 0
    rate = float(np.asarray(model.optimizer.learning_rate))
    assert rate == pytest.approx(0.001)
    assert state_of(model)[: len(before)] == before


def test_without_a_snapshot_there_is_no_way_back():
    recording = recorded(noisy_mlp(), *table(), probes="light")
    assert rewind(recording.recorder, 1, recording.recorder.repeat) is None
