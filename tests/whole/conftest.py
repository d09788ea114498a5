"""What tests of the whole way share: trainings in processes."""

import pytest

from whole.training import Training


@pytest.fixture
def train():
    """Starts trainings; they end with the test."""
    started = []

    def start(script, *arguments, **environ):
        started.append(Training(script, *arguments, **environ))
        return started[-1]

    yield start
    for training in started:
        training.end()
