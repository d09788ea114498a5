"""Where causes are said to strike."""

import pytest

from nanwatch.events import Cause, Diagnosis, Fix
from nanwatch.places import Places


def told(first_step, **where):
    """Where a diagnosis is placed in a fit of three epochs of ten steps."""
    places = Places()
    for epoch in range(3):
        places.epoch_begins(10 * epoch, epoch)
    cause = Cause("nan_in_features", 0.9, "", (), where, Fix("", ""))
    (placed,) = places.placed(Diagnosis("nan_loss", "critical", first_step, (cause,))).causes
    return placed.where


@pytest.mark.parametrize(("step", "epoch", "batch"), [(0, 0, 0), (9, 0, 9), (10, 1, 0), (27, 2, 7)])
def test_a_step_lies_in_the_epoch_that_began_last(step, epoch, batch):
    assert told(step, rows=[3]) == {"epoch": epoch, "batch": batch, "rows": [3]}


def test_a_symptom_without_a_step_is_dated_by_the_first():
    assert told(None) == {"epoch": 0, "batch": 0}


def test_a_cause_that_names_an_epoch_of_its_own_keeps_it_without_a_batch():
    assert told(27, epoch=1) == {"epoch": 1}
