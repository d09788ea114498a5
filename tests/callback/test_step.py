"""The instrumented step: its norms, and its guard, by which a bad step spoils nothing."""

import pytest
import tensorflow as tf
from keras.optimizers import SGD, Adam

from fits import (
    batches_of,
    is_finite,
    losses_alone,
    mlp,
    noisy_mlp,
    recorded,
    spoilt,
    state_of,
    table,
)


def test_record_touches_nothing():
    x, y, _ = spoilt("NaN in x")
    watched, alone = noisy_mlp(), noisy_mlp()
    recording = recorded(watched, x, y)
    losses_alone(alone, batches_of(x, y))
    assert [step.finite for step in recording.steps] == [True, True, False, False]
    assert state_of(watched) == state_of(alone)
    assert not is_finite(watched)


def test_finite_gradients_can_make_an_update_that_is_not():
    x, y = table()
    x[:, 0] = 0.0
    model = mlp(optimizer=Adam(epsilon=0.0), hidden=())
    recording = recorded(model, x, y, on_nonfinite="stop", stop=True)
    (step,) = recording.steps
    assert step.finite
    assert not step.update_finite


def test_the_norms_are_those_of_the_gradients_before_clipping():
    x, y = table(16)
    model = mlp(optimizer=SGD(0.1, global_clipnorm=1e-3), hidden=())
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    norm = tf.linalg.global_norm(tape.gradient(loss, model.trainable_variables))
    (step,) = recorded(model, x, y).steps
    assert step.points["batch/grad_norm"] == pytest.approx(float(norm), rel=1e-5)
    assert step.points["batch/learning_rate"] == pytest.approx(0.1)
