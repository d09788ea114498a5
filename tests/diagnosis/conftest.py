"""Small real Keras programs for the tests of the examination."""

import keras
import numpy as np
import pytest

from nanwatch.diagnosis.case import Trial


@pytest.fixture(autouse=True)
def seeded():
    """Every test begins with the same seeds."""
    keras.utils.set_random_seed(7)


@pytest.fixture
def table():
    """160 rows of 4 scaled inputs and a linear target with little noise."""
    random = np.random.default_rng(7)
    x = random.normal(size=(160, 4)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5], [0.0]]) + 0.1 * random.normal(size=(160, 1))
    return x, y.astype("float32")


@pytest.fixture
def cured():
    return Trial(finite=True, fell=True, steps=40)
