"""What an epoch shows of itself when some of its steps, or all, were left out."""

import math

import numpy as np
import pytest

from fits import mlp, recorded, table


@pytest.mark.parametrize("wish", ["skip", "rollback"])
def test_an_epoch_of_which_nothing_counted_does_not_look_well(wish):
    x, y = table()
    x[:] = math.nan
    recording = recorded(mlp(metrics=["mae"]), x, y, on_nonfinite=wish, epochs=2)
    history = recording.model.history.history
    assert np.isnan(history["loss"] + history["mae"]).all()


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_epoch_shows_the_mean_of_what_counted(at_once):
    x, y = table()
    x[:32], x[50] = math.nan, math.nan
    model = mlp(metrics=["mae"], steps_per_execution=at_once)
    recording = recorded(model, x, y, on_nonfinite="skip")
    (loss,) = model.history.history["loss"]
    assert loss == pytest.approx(recording.losses[2])
    assert not math.isnan(model.history.history["mae"][0])


def test_a_rollback_keeps_the_epochs_own_metrics():
    x, y = table()
    x[50] = math.nan
    model = mlp()
    recording = recorded(model, x, y, on_nonfinite="rollback", epochs=2)
    losses = np.array(recording.losses).reshape(2, 4)
    assert model.history.history["loss"] == pytest.approx(list(losses[:, :3].mean(1)), rel=1e-6)
