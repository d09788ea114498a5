"""On JAX and torch too a bad step is seen at once, spoils nothing and is told of."""

import math

import keras
import numpy as np
import pytest
from keras.optimizers import Adam

from backends.trainings import BACKEND, own_step
from fits import (
    FAULTS,
    Recording,
    is_finite,
    mlp,
    noisy_mlp,
    recorded,
    spoilt,
    state_of,
    table,
    two_outputs,
)


@pytest.mark.every_backend
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


def test_record_touches_nothing():
    x, y, _ = spoilt("NaN in x")
    model = noisy_mlp()
    recording = recorded(model, x, y)
    assert [step.finite for step in recording.steps] == [True, True, False, False]
    assert not is_finite(model)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras refuses this on torch")
def test_a_fault_among_several_steps_of_one_execution_is_seen_at_its_own():
    x, y, _ = spoilt("NaN in x")
    model = noisy_mlp(steps_per_execution=3)
    recording = recorded(model, x, y, on_nonfinite="skip", epochs=2)
    assert [step.index for step in recording.steps if not step.finite] == [2, 6]
    assert is_finite(model)


@pytest.mark.every_backend
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_held_back_step_leaves_every_value_as_it_was(run_eagerly):
    x, y, _ = spoilt("NaN in x")
    model = noisy_mlp(run_eagerly=run_eagerly)
    recorded(model, x[:48], y[:48], on_nonfinite="stop", stop=True)
    alone = noisy_mlp(run_eagerly=run_eagerly)
    recorded(alone, x[:32], y[:32])
    assert state_of(model) == state_of(alone)


@pytest.mark.every_backend
def test_the_running_mean_stays_finite_where_training_goes_on():
    x, y, _ = spoilt("NaN in x")
    skipping = recorded(noisy_mlp(), x, y, on_nonfinite="skip")
    stopping = recorded(noisy_mlp(), x, y, on_nonfinite="stop")
    assert math.isfinite(skipping.steps[-1].points["batch/loss_running"])
    assert math.isnan(stopping.steps[-1].points["batch/loss_running"])


def test_finite_gradients_can_make_an_update_that_is_not():
    x, y = table()
    x[:, 0] = 0.0
    model = mlp(optimizer=Adam(epsilon=0.0), hidden=())
    recording = recorded(model, x, y, on_nonfinite="stop", stop=True)
    (step,) = recording.steps
    assert step.finite
    assert not step.update_finite
    assert is_finite(model)


def test_a_slot_that_overflows_is_an_update_gone_wrong():
    x, y = table()
    x[40] *= 1e18
    model = mlp(optimizer="adam", hidden=())
    recording = recorded(model, x, y, on_nonfinite="skip")
    assert [step.finite for step in recording.steps] == [True] * 4
    assert [step.update_finite for step in recording.steps] == [True, True, False, True]
    assert is_finite(model)
    kept = mlp(optimizer="adam", hidden=())
    recorded(kept, *(np.delete(part, slice(32, 48), 0) for part in (x, y)))
    assert state_of(model) == state_of(kept)


@pytest.mark.every_backend
def test_a_bad_output_of_several_is_told_from_the_good_one():
    x, y = table()
    bad = y.copy()
    bad[20] = math.nan
    recording = recorded(two_outputs(), x, {"price": y, "size": bad}, on_nonfinite="stop")
    step = recording.steps[1]
    assert math.isfinite(step.points["batch/price_loss"])
    assert math.isnan(step.points["batch/size_loss"])


def test_a_custom_step_is_guarded():
    x, y, _ = spoilt("NaN in y")
    model = own_step("adam")
    recording = recorded(model, x, y, on_nonfinite="skip")
    assert [step.finite for step in recording.steps] == [True, True, False, True]
    assert is_finite(model)


@pytest.mark.parametrize("fault", ["NaN in x", "NaN sample weight"])
def test_what_went_wrong_is_told(fault):
    x, y, w = spoilt(fault)
    step = recorded(mlp(), x, y, sample_weight=w, on_nonfinite="stop").steps[2]
    assert not step.finite
    assert math.isnan(step.points["batch/loss"])
    assert math.isnan(step.points["batch/grad_norm"])


class Checking(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if BACKEND == "jax":
            self.model.jax_state_sync()
        assert all(math.isfinite(abs(w).sum()) for w in self.model.get_weights())


@pytest.mark.every_backend
def test_other_callbacks_never_see_spoilt_weights():
    x, y, _ = spoilt("NaN in x")
    model = noisy_mlp()
    callbacks = [Recording("skip"), Checking()]
    model.fit(x, y, batch_size=16, shuffle=False, verbose=0, callbacks=callbacks)
    assert len(callbacks[0].steps) == 4
