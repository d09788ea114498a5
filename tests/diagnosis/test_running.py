"""`RunningMedian`: the middle of the last values."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch.detectors.running import RunningMedian


def median_of(values, size):
    running = RunningMedian(size)
    for value in values:
        running.add(value)
    return running.median


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=60), st.integers(1, 20))
def test_it_is_the_upper_median_of_the_last_values(values, size):
    assert median_of(values, size) == statistics.median_high(values[-size:])


def test_a_few_absurd_values_do_not_move_it():
    assert median_of([1.0, 1.1, 0.9, 1e30, -1e30, 1.0, 1.05], 64) == 1.0


def test_equal_values_leave_one_at_a_time():
    running = RunningMedian(3)
    for value in [2.0, 2.0, 2.0, 1.0, 1.0]:
        running.add(value)
    assert (len(running), running.median) == (3, 1.0)


def test_without_values_there_is_no_median():
    with pytest.raises(IndexError):
        _ = RunningMedian(3).median
