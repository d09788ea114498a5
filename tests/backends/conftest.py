"""Tests of the other backends: they run where KERAS_BACKEND names one (`make test-backends`)."""

from pathlib import Path

import keras
import pytest

from unhurried import unhurried

__all__ = ["unhurried"]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Under TensorFlow other tests say already what is not marked for every backend."""
    if keras.backend.backend() == "tensorflow":
        skip = pytest.mark.skip(reason="for JAX and torch: make test-backends")
        for item in items:
            if HERE in item.path.parents and not item.get_closest_marker("every_backend"):
                item.add_marker(skip)


@pytest.fixture
def offline(tmp_path, unhurried, monkeypatch):
    """An empty data folder in which runs are only kept."""
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    return tmp_path / "home"
