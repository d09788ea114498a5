"""What tests of the whole way share: trainings in processes, and the browser of the web tests."""

import pytest

from web.conftest import browser, page, server
from whole.training import Training

__all__ = ["browser", "page", "server"]


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
