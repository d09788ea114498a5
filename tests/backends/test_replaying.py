"""Fixes are tried on JAX and torch as well, and the model is left as it was."""

import math

import keras
import pytest

from fits import is_finite, mlp, noisy_mlp, state_of, table
from nanwatch import NanWatch
from nanwatch.autopsy.remedies import REMEDIES
from nanwatch.autopsy.replay import replay, stepper
from nanwatch.recorder.snapshot import Snapshot

SECONDS = 60.0


def nan_rows():
    x, y = table()
    x[20, 1] = math.nan
    return noisy_mlp(), [(x[i : i + 16], y[i : i + 16]) for i in range(0, 64, 16)]


def unscaled():
    x, y = table()
    return mlp(optimizer=keras.optimizers.SGD(0.01), hidden=()), [(1e3 * x, y)]


def fast():
    return mlp(optimizer=keras.optimizers.SGD(1.0), hidden=()), [table()]


def no_epsilon():
    x, y = table()
    x[:, 0] = 0.0
    return mlp(optimizer=keras.optimizers.Adam(0.01, epsilon=0.0), hidden=()), [(x, y)]


@pytest.mark.parametrize(
    ("program", "remedy", "cures"),
    [
        (nan_rows, "drop_rows", True),
        (nan_rows, "fill_cells", True),
        (nan_rows, "lower_rate", False),
        (unscaled, "scale_inputs", True),
        (unscaled, "as_it_is", False),
        (fast, "lower_rate", True),
        (fast, "clip", False),
        (fast, "scale_inputs", False),
        (no_epsilon, "sane_optimizer", True),
        (no_epsilon, "as_it_is", False),
    ],
)
def test_the_right_remedy_cures_and_is_undone(program, remedy, cures):
    model, batches = program()
    model.optimizer.build(model.trainable_variables)
    model(batches[0][0])
    start, before = Snapshot(model, 0), state_of(model)
    trial = replay(model, stepper(model), start, batches, REMEDIES[remedy], SECONDS)
    assert trial.cured == cures
    start.restore()
    assert state_of(model) == before


def test_a_diagnosis_tells_that_its_fix_was_tried(offline):
    x, y = table()
    x[40, 1] = math.nan
    watch, model = NanWatch(verbose=0), noisy_mlp()
    model.fit(x, y, batch_size=16, shuffle=False, epochs=2, verbose=0, callbacks=[watch])
    cause = watch.diagnoses[0].causes[0]
    assert (cause.label, cause.verified) == ("nan_in_features", True)
    assert cause.evidence[-1].seen.startswith("without the rows that are not finite, ")
    assert is_finite(model)
