"""Data in parts for several devices, on JAX: `keras.distribution.DataParallel`."""

import math
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from backends.trainings import BACKEND
from fits import FIT, is_finite, noisy_mlp, recorded, state_of, table

pytestmark = pytest.mark.skipif(BACKEND != "jax", reason="Keras has it on JAX only")


def on_two_devices():
    """What has to hold, in a process that begins with two devices."""
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    x, y = table()
    watched = noisy_mlp()
    recording = recorded(watched, x, y, on_nonfinite="stop", epochs=2)
    alone = noisy_mlp()
    history = alone.fit(x, y, epochs=2, **FIT).history
    assert state_of(watched) == state_of(alone)
    assert watched.history.history == history
    assert (len(recording.steps), recording.recorder.notes) == (8, [])
    x[35, 1] = math.nan
    spoilt = noisy_mlp()
    recording = recorded(spoilt, x, y, on_nonfinite="skip", epochs=2)
    assert [step.index for step in recording.steps if not step.finite] == [2, 6]
    assert is_finite(spoilt)


def test_a_model_on_two_devices_is_watched_and_guarded_like_any_other():
    tests = str(Path(__file__).parent.parent)
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "PYTHONPATH": tests}
    code = "from backends.test_devices import on_two_devices; on_two_devices()"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | flags)
