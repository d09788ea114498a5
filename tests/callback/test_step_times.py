"""A few steps tell when they were: the first, one a second, the last."""

import numpy as np

from nanwatch.events import Heartbeat, Points, RunEnded
from nanwatch.step_times import StepTimes

LOSS = ("batch/loss",)


def logged(*steps):
    return [(LOSS, step, (1.0,)) for step in steps]


def test_the_first_step_is_told_at_once_and_then_one_a_second():
    times = StepTimes()
    assert times.of(logged(0), 100.0) == [(("time",), 0, (100.0,))]
    assert times.of(logged(1, 2), 100.5) == []
    assert times.of(logged(3, 4), 101.0004) == [(("time",), 4, (101.0,))]


def test_the_last_step_is_told_at_the_end_with_the_time_at_which_it_was():
    times = StepTimes()
    times.of(logged(0), 100.0)
    times.of(logged(7), 100.2)
    assert times.of([RunEnded("finished")], 130.0) == [(("time",), 7, (100.2,))]


def test_a_run_in_one_go_tells_its_two_ends():
    found = StepTimes().of([*logged(5, 6, 7), RunEnded("finished")], 9.0)
    assert [(step, value) for _, step, value in found] == [(5, (9.0,)), (7, (9.0,))]


def test_a_step_that_is_sent_as_an_event_counts_and_an_epoch_does_not():
    times = StepTimes()
    assert times.of([(("epoch/loss",), 3, (1.0,)), Heartbeat(3, 0.0)], 1.0) == []
    lost = Points(np.array([9]), {"batch/loss": np.array([np.nan])})
    assert times.of([lost], 2.0) == [(("time",), 9, (2.0,))]


def test_a_step_that_was_not_told_is_told_when_a_second_has_passed_in_silence():
    times = StepTimes()
    times.of(logged(0), 100.0)
    times.of(logged(1), 100.5)
    assert times.of([], 101.5) == [(("time",), 1, (100.5,))]


def test_a_clock_that_is_set_back_by_years_is_no_reason_to_fall_silent():
    times = StepTimes()
    times.of(logged(0), 1e9)
    assert times.of(logged(1), 5e8) == [(("time",), 1, (5e8,))]


def test_silence_is_not_told_twice():
    times = StepTimes()
    times.of(logged(0), 100.0)
    assert times.of([], 200.0) == []
    assert times.of([RunEnded("finished")], 201.0) == []
