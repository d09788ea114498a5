"""Time for examinations: what a diagnosis says in a test must not hang on the machine's pace."""

import time
from functools import partial
from types import SimpleNamespace

import pytest

from nanwatch.rounds import Rounds

QUICKER = 10
MODULES = ["examination", "step_watch", "autopsy.examiner", "autopsy.replay", "autopsy.trials"]
ON_TENSORFLOW = ["autopsy.operations"]


@pytest.fixture
def unhurried(monkeypatch):
    """As if the machine were so much quicker, by the clock of those who examine a fit."""
    import keras  # only here: not every test needs it

    began = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: began + (time.monotonic() - began) / QUICKER)
    here = MODULES + (ON_TENSORFLOW if keras.backend.backend() == "tensorflow" else [])
    for module in here:
        monkeypatch.setattr(f"nanwatch.{module}.time", clock)
    monkeypatch.setattr("nanwatch.examination.Rounds", partial(Rounds, clock.monotonic))
