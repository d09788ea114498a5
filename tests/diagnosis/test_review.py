"""Whole trainings that stay finite: what goes wrong is found and explained, the rest is let be."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fits import state_of
from nanwatch import NanWatch

LAYERS, INITIALIZERS = keras.layers, keras.initializers


@pytest.fixture(autouse=True)
def offline(tmp_path, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))


def rows(n=320, width=6):
    """Inputs of unit scale, and a target that bends."""
    random = np.random.default_rng(3)
    x = random.normal(size=(n, width)).astype("float32")
    y = np.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3] + 0.1 * random.normal(size=(n, 1))
    return x, y.astype("float32")


def network(*layers, optimizer="adam", loss="mse"):
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile(optimizer, loss)
    return model


def told(model, x, y, epochs=12, batch_size=16, **fit):
    watch = NanWatch(verbose=0)
    model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0, callbacks=[watch], **fit)
    return [d for d in watch.diagnoses if d.severity != "info"]


def relu(**more):
    return LAYERS.Dense(24, "relu", **more)


ADAM = keras.optimizers.Adam
FAULTS = {
    "lr_too_low": lambda: network(relu(), LAYERS.Dense(1), optimizer=ADAM(1e-8)),
    "missing_activation": lambda: network(
        LAYERS.Dense(24), LAYERS.Dense(24), LAYERS.Dense(1), optimizer=ADAM(0.01)
    ),
    "dying_relu": lambda: network(
        relu(bias_initializer=INITIALIZERS.Constant(-20.0)), LAYERS.Dense(1)
    ),
    "bad_initialization": lambda: network(
        relu(kernel_initializer="zeros"), LAYERS.Dense(1, kernel_initializer="zeros")
    ),
}


@pytest.mark.parametrize("label", FAULTS)
def test_a_run_that_learns_nothing_is_explained(label):
    (diagnosis,) = told(FAULTS[label](), *rows())
    assert diagnosis.severity == "warning"
    assert diagnosis.label == label
    assert diagnosis.causes[0].confidence >= 0.5


def test_targets_of_a_large_scale_are_named():
    x, y = rows()
    (diagnosis,) = told(network(relu(), LAYERS.Dense(1)), x, 1e5 + 3e4 * y)
    assert (diagnosis.label, diagnosis.causes[0].verified) == ("unscaled_targets", True)


def test_overfitting_is_told_with_its_best_epoch():
    random = np.random.default_rng(1)
    x, y = random.normal(size=(64, 6)).astype("float32"), random.integers(0, 2, (64, 1))
    model = network(
        LAYERS.Dense(128, "relu"),
        LAYERS.Dense(1, "sigmoid"),
        optimizer=ADAM(0.01),
        loss="binary_crossentropy",
    )
    (diagnosis,) = told(model, x, y, epochs=40, validation_split=0.4)
    assert (diagnosis.symptom, diagnosis.label) == ("overfit", "overfitting")
    assert diagnosis.causes[0].where["epoch"] < 20


def noise():
    x, _ = rows()
    return network(relu(), LAYERS.Dense(1)), x, np.random.default_rng(1).normal(size=(320, 1))


def converged():
    x, y = rows()
    model = network(relu(), relu(), LAYERS.Dense(1), optimizer=ADAM(0.01))
    model.fit(x, y, epochs=30, verbose=0)
    model.compile(ADAM(1e-6), "mse")
    return model, x, y


HEALTHY = {
    "learning": lambda: (network(relu(), LAYERS.Dense(1), optimizer=ADAM(0.01)), *rows()),
    "noise that nobody can learn": noise,
    "converged already": converged,
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_run_that_is_not_at_fault_is_left_in_peace(name):
    assert told(*HEALTHY[name]()) == []


def test_three_batches_are_not_judged():
    x, y = rows(48)
    assert told(FAULTS["lr_too_low"](), x, y, epochs=1) == []


def test_the_examination_leaves_the_model_as_the_training_left_it():
    def trained(callbacks):
        keras.utils.set_random_seed(7)
        model = FAULTS["dying_relu"]()
        fit = {"epochs": 12, "batch_size": 16, "verbose": 0, "shuffle": False}
        model.fit(*rows(), callbacks=callbacks, **fit)
        return model

    assert state_of(trained([NanWatch(verbose=0)])) == state_of(trained([]))


class Players(keras.Model):
    """Two networks with an optimizer each, of which the second moves `second`."""

    def __init__(self, second):
        super().__init__()
        self.parts = [network(relu(), LAYERS.Dense(6)), network(relu(), LAYERS.Dense(1))]
        self.moved = [self.parts[0], self.parts[second]]

    def compile(self):
        super().compile()
        self.players = [ADAM(0.001), ADAM(0.001)]

    def train_step(self, data):
        losses = {}
        for optimizer, part in zip(self.players, self.moved, strict=True):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self.parts[1](self.parts[0](data[0])) - data[1]) ** 2)
            weights = part.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            losses[f"loss_{len(losses)}"] = loss
        return losses


@pytest.mark.parametrize(("second", "labels"), [(0, ["frozen_weights"]), (1, [])])
def test_of_networks_that_play_against_each_other_one_at_rest_is_told(second, labels):
    model = Players(second)
    model.compile()
    assert [diagnosis.label for diagnosis in told(model, *rows(), epochs=4)] == labels
