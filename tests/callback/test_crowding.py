"""An examination gets more time on a machine that has much else to do."""

import pytest

from nanwatch import crowding as module
from nanwatch.crowding import MOST, crowding, stretch


@pytest.mark.parametrize(
    ("load", "processors", "times"),
    [(0.0, 2, 1.0), (2.0, 2, 1.0), (4.0, 2, 2.0), (4.0, 8, 1.0), (99.0, 2, MOST)],
)
def test_time_grows_with_those_who_want_each_processor(load, processors, times):
    assert stretch(load, processors) == times


def test_where_no_load_is_told_none_is_taken_for_granted(monkeypatch):
    monkeypatch.delattr(module.os, "getloadavg", raising=False)
    assert crowding() == 1.0
