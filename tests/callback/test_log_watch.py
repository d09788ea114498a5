"""What is logged by hand is judged: at once when it is no number, in groups when it is quiet."""

import math

import pytest

from nanwatch.log_watch import LogWatch
from nanwatch.step_watch import GROUP
from nanwatch.watcher import Watcher


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """No machine is so slow that quiet steps are looked at before their group is full."""
    monkeypatch.setattr("nanwatch.log_watch.PATIENCE_S", math.inf)


class Noting(Watcher):
    """Notes at which calls it was shown what."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def feed(self, event):
        self.seen.append(event.steps.tolist())
        return super().feed(event)


def test_quiet_steps_wait_for_each_other_and_are_all_seen_in_order():
    watcher = Noting()
    watch = LogWatch(watcher)
    for step in range(GROUP - 1):
        assert watch.look(step, {"batch/loss": 1.0}) == []
    assert watcher.seen == []
    watch.look(GROUP - 1, {"batch/loss": 1.0})
    watch.look(GROUP, {"batch/loss": 1.0})
    watch.catch_up()
    assert watcher.seen == [list(range(GROUP)), [GROUP]]


def test_rows_of_other_series_and_of_epochs_are_looked_at_apart():
    watcher = Noting()
    watch = LogWatch(watcher)
    for step in range(2):
        watch.look(step, {"batch/loss": 1.0})
    for epoch in range(2):
        watch.look(epoch, {"epoch/loss": 1.0})
    watch.look(2, {"batch/loss": 1.0, "batch/x": 1.0})
    watch.catch_up()
    assert watcher.seen == [[0, 1], [0], [1], [2]]


def test_a_value_that_is_not_finite_is_judged_at_once_after_those_that_waited():
    watcher = Noting()
    watch = LogWatch(watcher)
    watch.look(0, {"batch/loss": 1.0})
    (found,) = watch.look(1, {"batch/loss": math.nan})
    assert (found.symptom, found.first_step, watcher.seen) == ("nan_loss", 1, [[0, 1]])
