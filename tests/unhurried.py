"""Time for examinations: what a diagnosis says in a test must not hang on the machine's pace."""

import time
from functools import partial
from types import SimpleNamespace

import pytest

from nanwatch.rounds import Rounds

QUICKER = 10
MODULES = ["examination", "step_watch", "autopsy.examiner", "autopsy.replay", "autopsy.trials"]


@pytest.fixture
def unhurried(monkeypatch):
    """As if the machine were so much quicker, by the clock of those who examine a fit."""
    began = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: began + (time.monotonic() - began) / QUICKER)
    for module in MODULES:
        monkeypatch.setattr(f"nanwatch.{module}.time", clock)
    monkeypatch.setattr("nanwatch.examination.Rounds", partial(Rounds, clock.monotonic))
