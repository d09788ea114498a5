"""Known kinds come back as they were; others are neither written nor made."""

from collections import deque
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch.detectors.running import RunningMedian
from nanwatch.memory import ForgottenError, freeze, thaw

KINDS = {"RunningMedian": lambda: RunningMedian(0)}

plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=5)
nested = st.recursive(
    plain,
    lambda some: (
        st.lists(some, max_size=4)
        | st.lists(some, max_size=4).map(tuple)
        | st.lists(some, max_size=4).map(lambda items: deque(items, maxlen=9))
        | st.dictionaries(st.text(max_size=5), some, max_size=4)
    ),
)


@given(nested)
def test_values_come_back_as_they_were(value):
    assert repr(thaw(freeze(value, KINDS), KINDS)) == repr(value)


@given(st.sets(st.text(max_size=5)))
def test_sets_come_back(value):
    assert thaw(freeze(value, KINDS), KINDS) == value


def test_objects_of_known_kinds_come_back():
    median = RunningMedian(3)
    for value in (5.0, 1.0, 2.0, 9.0):
        median.add(value)
    again = thaw(freeze([median], KINDS), KINDS)[0]
    assert (again.size, len(again), again.median) == (3, 3, median.median)


def test_what_is_of_no_known_kind_is_not_written():
    with pytest.raises(TypeError, match="Decimal"):
        freeze([Decimal(1)], KINDS)


def test_kinds_with_other_attributes_are_another_version():
    with pytest.raises(ForgottenError):
        thaw(freeze(1, KINDS), {})
