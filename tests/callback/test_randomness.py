"""Generators that a whole process shares stand after a block where they stood before."""

import random

import keras
import numpy as np
import pytest

from nanwatch import NanWatch
from nanwatch.recorder.randomness import undisturbed


@pytest.mark.parametrize("draw", [random.random, np.random.rand])
def test_what_a_block_draws_is_drawn_again_after_it(draw):
    with undisturbed():
        within = draw()
    assert draw() == within


@undisturbed()
def draw_and_raise():
    raise KeyError(np.random.rand())


def test_so_they_stand_after_a_block_that_raised():
    with pytest.raises(KeyError) as raised:
        draw_and_raise()
    assert np.random.rand() == raised.value.args[0]


def noisy_fit(callbacks):
    def loss(y, p):  # its noise is drawn by NumPy, anew in every eager step
        return keras.ops.mean((y - p) ** 2) * np.random.uniform(0.9, 1.1)

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", loss, run_eagerly=True)
    x = np.random.normal(size=(64, 4)).astype("float32")
    model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=callbacks)
    return model.get_weights()


def test_a_watched_fit_draws_what_it_would_have_drawn(home, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    for alone, watched in zip(noisy_fit([]), noisy_fit([NanWatch(verbose=0)]), strict=True):
        assert np.array_equal(alone, watched)
