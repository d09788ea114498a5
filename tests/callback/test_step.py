"""The instrumented step: its norms, and its guard, by which a bad step spoils nothing."""

import math

import pytest
import tensorflow as tf
from keras.optimizers import SGD, Adam

from fits import (
    FAULTS,
    batches_of,
    is_finite,
    losses_alone,
    mlp,
    noisy_mlp,
    recorded,
    spoilt,
    state_of,
    table,
    two_outputs,
)


@pytest.mark.parametrize(
    ("fault", "wish"),
    [*((fault, "stop") for fault in FAULTS), ("NaN in x", "skip"), ("NaN in x", "rollback")],
)
def test_a_bad_cell_is_seen_at_its_step_and_spoils_nothing(fault, wish):
    x, y, w = spoilt(fault)
    model = noisy_mlp()
    recording = recorded(model, x, y, sample_weight=w, on_nonfinite=wish, epochs=2)
    assert [step.index for step in recording.steps if not step.finite] == [2, 6]
    assert is_finite(model)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_held_back_step_leaves_every_value_as_it_was(run_eagerly):
    x, y, _ = spoilt("NaN in x")
    model, alone = (noisy_mlp(run_eagerly=run_eagerly) for _ in range(2))
    recorded(model, x[:48], y[:48], on_nonfinite="stop", stop=True)
    recorded(alone, x[:32], y[:32])
    assert state_of(model) == state_of(alone)


def test_the_running_mean_stays_finite_where_training_goes_on():
    x, y, _ = spoilt("NaN in x")
    skipping = recorded(noisy_mlp(), x, y, on_nonfinite="skip")
    stopping = recorded(noisy_mlp(), x, y, on_nonfinite="stop")
    assert math.isfinite(skipping.steps[-1].points["batch/loss_running"])
    assert math.isnan(stopping.steps[-1].points["batch/loss_running"])


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


def test_a_bad_output_of_several_is_told_from_the_good_one():
    x, y = table()
    bad = y.copy()
    bad[20] = math.nan
    recording = recorded(two_outputs(), x, {"price": y, "size": bad}, on_nonfinite="stop")
    step = recording.steps[1]
    assert math.isfinite(step.points["batch/price_loss"])
    assert math.isnan(step.points["batch/size_loss"])


def test_the_norms_are_those_of_the_gradients_before_clipping():
    x, y = table(16)
    model = mlp(optimizer=SGD(0.1, global_clipnorm=1e-3), hidden=())
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    norm = tf.linalg.global_norm(tape.gradient(loss, model.trainable_variables))
    (step,) = recorded(model, x, y).steps
    assert step.points["batch/grad_norm"] == pytest.approx(float(norm), rel=1e-5)
    assert step.points["batch/learning_rate"] == pytest.approx(0.1)


def test_a_norm_whose_square_overflows_is_still_finite():
    x, y = table(16)
    (step,) = recorded(mlp(hidden=()), x * 1e18, y).steps
    assert step.finite
    assert 1e19 < step.points["batch/grad_norm"] < 1e38
