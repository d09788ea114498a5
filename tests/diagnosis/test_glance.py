"""The first look at a few rows: which shapes meet in a loss or step of the user's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import mlp, noisy_mlp, state_of, table
from nanwatch.autopsy import glance as glancing
from nanwatch.autopsy.glance import glance
from nanwatch.recorder.source import DataSource


def batch():
    x, y = table(32)
    return tf.constant(x), tf.constant(y)


def glanced(model, own_step=False):
    return glance(model, batch(), DataSource(), own_step)


@pytest.mark.parametrize(("column", "crossings"), [(slice(0, 1), 0), (0, 1)])
def test_shapes_that_meet_in_an_own_loss_are_told(column, crossings):
    model = mlp()
    model.compile("sgd", lambda y, p: keras.ops.mean((y - p[:, column]) ** 2))
    found = glanced(model)
    assert len(found.crossed) == crossings
    assert found.predictions[0].shape == (glancing.ROWS, 1)


def test_the_model_is_left_as_it_was():
    model = noisy_mlp()
    model.fit(*table(32), verbose=0)
    before = state_of(model)
    glanced(model)
    assert state_of(model) == before


class Stepping(keras.Sequential):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x)[:, 0] - y) ** 2)
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        return {"loss": loss}


@pytest.mark.parametrize(("most", "looked"), [(100, True), (1, False)])
def test_an_own_step_is_run_unless_the_model_is_large(most, looked, monkeypatch):
    monkeypatch.setattr(glancing, "MOST_LAYERS", most)
    model = Stepping([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd")
    before = [np.array(weight) for weight in model.get_weights()]
    found = glanced(model, own_step=True)
    assert (found is not None and len(found.crossed) == 1) == looked
    assert all(map(np.array_equal, before, model.get_weights()))
