"""Holds the diagnosis against trainings whose fault is known: cause, step, place and tried fix."""

import pytest

from diagnosis.gallery.catalog import PROGRAMS
from diagnosis.gallery.runner import first_bad_step, fix_proven, mistakes, watched
from diagnosis.gallery.suite import FAULTY_IN_SUITE

pytestmark = pytest.mark.filterwarnings("ignore")  # faulty programs draw Keras' warnings


@pytest.fixture(autouse=True)
def _home(tmp_path, unhurried, monkeypatch):
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))


@pytest.mark.parametrize("name", FAULTY_IN_SUITE)
def test_the_fault_is_named_dated_and_placed_and_its_fix_tried(name):
    program = PROGRAMS[name]
    outcome = watched(program)
    assert mistakes(program, outcome, first_bad_step(program)) == []
    assert fix_proven(program, outcome) or not program.goes_nonfinite
