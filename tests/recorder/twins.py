"""A watched fit beside the same fit unwatched, compared bit by bit."""

import keras
import numpy as np
import pytest

from fits import recorded, state_of

XLA = 1e-6
"""How far apart two compilations of one step may be, relatively."""


class OwnLosses(keras.callbacks.Callback):
    """Each batch's loss by Keras' own account: the running mean, begun anew for just that batch.

    The sums of the epoch so far are added back afterwards, so that the history is what it is
    without. A mean over 2, 4, 8 ... rows is exact: its sum is the loss times a power of two.
    """

    def __init__(self, key="loss"):
        super().__init__()
        self.key = key
        self.losses = []

    def on_train_begin(self, logs=None):
        self.means = [metric for metric in self.model.metrics if metric.name == self.key]

    def on_train_batch_begin(self, batch, logs=None):
        self.sums = [[np.asarray(v) for v in mean.variables] for mean in self.means]
        for mean in self.means:
            mean.reset_state()

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs[self.key])
        for mean, sums in zip(self.means, self.sums, strict=True):
            for variable, value in zip(mean.variables, sums, strict=True):
                variable.assign_add(value)


def same(found, expected, tolerance):
    """Equal bit by bit, or within a relative tolerance; NaN equals NaN."""
    if not tolerance:
        return np.array_equal(found, expected, equal_nan=True)
    return np.asarray(found) == pytest.approx(np.asarray(expected), rel=tolerance, nan_ok=True)


def assert_unnoticed(
    make, data, *, key="loss", series="batch/loss", tolerance=0.0, on_nonfinite="stop", **fit
):
    """Watch a fit and compare it with its unwatched twin's: losses, weights and history.

    Args:
        make: makes the compiled model, the same one each time.
        data: makes what is given to `fit`, afresh each time.
        key: the name in the logs under which the twin tells the loss.
        series: the series that recorded it.
        tolerance: relative; 0 wants the very bits.

    Returns:
        The recording of the watched fit.
    """
    watched, twin, alone = make(), make(), OwnLosses(key)
    recording = recorded(watched, *data(), on_nonfinite=on_nonfinite, **fit)
    fit = {"batch_size": 16, "shuffle": False, "verbose": 0, **fit}
    twin.steps_per_execution = 1  # else Keras tells of each execution's last batch only
    history = twin.fit(*data(), **{**fit, "callbacks": [*fit.get("callbacks", ()), alone]})
    assert recording.recorder.notes == []
    losses = [step.points[series] for step in recording.steps]
    assert same(losses, alone.losses, tolerance)
    assert [step.index for step in recording.steps] == list(range(len(alone.losses)))
    assert_same_weights(watched, twin, tolerance)
    assert_same_history(watched.history, history, tolerance)
    return recording


def assert_same_weights(watched, twin, tolerance=0.0):
    """Every weight, statistic, seed and optimizer slot of two models is the same."""
    if not tolerance:
        assert state_of(watched) == state_of(twin)
        return
    pairs = zip(watched.get_weights(), twin.get_weights(), strict=True)
    for found, expected in pairs:
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def assert_same_history(watched, twin, tolerance=0.0):
    """Two histories hold the same curves."""
    assert watched.history.keys() == twin.history.keys()
    assert watched.epoch == twin.epoch
    for name, curve in watched.history.items():
        assert same(curve, twin.history[name], tolerance), name
