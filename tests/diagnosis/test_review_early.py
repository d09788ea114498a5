"""Runs that learn nothing are told of while they go on, and when they are interrupted."""

import keras
import numpy as np
import pytest

from fits import state_of
from nanwatch import NanWatch, examination, rounds

LAYERS, ADAM = keras.layers, keras.optimizers.Adam


@pytest.fixture(autouse=True)
def offline(tmp_path, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))


@pytest.fixture
def much_time(monkeypatch):
    """As if the run had gone on for hours: a look may take as long as it likes."""
    monkeypatch.setattr(rounds, "SHARE", 1e4)


def rows(n=320):
    random = np.random.default_rng(3)
    x = random.normal(size=(n, 6)).astype("float32")
    return x, (np.sin(2 * x[:, :1]) + x[:, 1:2]).astype("float32")


def network(optimizer, *more, **compiled):
    keras.utils.set_random_seed(7)
    dense = [LAYERS.Dense(24, "relu"), LAYERS.Dropout(0.2), LAYERS.Dense(1)]
    model = keras.Sequential([keras.Input((6,)), *more, *dense])
    model.compile(optimizer, "mse", **compiled)
    return model


class Noting(keras.callbacks.Callback):
    """Notes after which epoch something was told."""

    def __init__(self, watch):
        super().__init__()
        self.watch, self.told_after = watch, None

    def on_epoch_end(self, epoch, logs=None):
        if self.told_after is None and self.watch.diagnoses:
            self.told_after = epoch


def watched(model, **fit):
    watch = NanWatch(verbose=0)
    noting = Noting(watch)
    model.fit(*rows(), batch_size=16, verbose=0, callbacks=[watch, noting], **fit)
    return noting.told_after, watch.diagnoses


def test_a_stuck_run_is_told_of_early(much_time):
    epoch, (diagnosis,) = watched(network(ADAM(1e-8)), epochs=40)
    assert epoch < 20
    assert diagnosis.label == "lr_too_low"


def test_a_run_that_learns_is_let_be(much_time):
    assert watched(network(ADAM(0.005)), epochs=20) == (None, [])


def test_a_warm_up_is_waited_for(much_time):
    slow = keras.optimizers.schedules.PolynomialDecay(1e-9, 1000, 1e-6)
    epoch, _ = watched(network(ADAM(slow)), epochs=40)
    assert epoch is None


def test_looking_changes_nothing_of_the_training(much_time):
    def trained(callbacks):
        model = network(ADAM(1e-8))
        model.fit(*rows(), batch_size=16, epochs=30, verbose=0, callbacks=callbacks)
        return state_of(model)

    assert trained([NanWatch(verbose=0)]) == trained([])


class Interrupting(LAYERS.Layer):
    """Ctrl-C, once, in the middle of a step."""

    calls = 0

    def call(self, x):
        self.calls += 1
        if self.calls == 150:
            raise KeyboardInterrupt
        return x


@pytest.mark.parametrize(("rate", "labels"), [(1e-9, ["lr_too_low"]), (0.005, [])])
def test_an_interrupted_run_is_judged_by_what_is_plain(rate, labels, monkeypatch):
    monkeypatch.setattr(examination, "SLOW_S", 60.0)  # however slow the machine is
    model = network(ADAM(rate), Interrupting(), run_eagerly=True)
    watch = NanWatch(verbose=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*rows(), batch_size=16, epochs=20, verbose=0, callbacks=[watch])
    assert [diagnosis.label for diagnosis in watch.diagnoses] == labels
