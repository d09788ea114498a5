"""Holds the diagnosis against trainings without a fault: they are left in peace."""

import pytest

from diagnosis.gallery.catalog import PROGRAMS
from diagnosis.gallery.runner import false_alarms, watched
from diagnosis.gallery.suite import FAULTY_IN_SUITE, HEALTHY_IN_SUITE

pytestmark = pytest.mark.filterwarnings("ignore")  # Keras warns of what some programs do on purpose


@pytest.fixture(autouse=True)
def _home(tmp_path, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))


@pytest.mark.parametrize("name", HEALTHY_IN_SUITE)
def test_a_healthy_training_draws_no_alarm(name):
    assert false_alarms(watched(PROGRAMS[name])) == []


@pytest.mark.parametrize("name", FAULTY_IN_SUITE)
def test_a_repaired_training_draws_no_alarm(name):
    assert false_alarms(watched(PROGRAMS[name], repaired=True)) == []
