"""Columns grow, and at one step the later word counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nanwatch_monitor.series.columns import Column, merged

blocks = st.lists(
    st.lists(st.tuples(st.integers(0, 50), st.floats()), min_size=1, max_size=400), max_size=8
)


def column(block):
    return np.array([step for step, _ in block], np.int64), np.array([v for _, v in block], float)


@given(blocks)
def test_a_column_holds_what_was_appended(appended):
    found = Column()
    for block in appended:
        found.extend(*column(block))
    steps, values = found.view()
    expected = [point for block in appended for point in block]
    assert steps.tolist() == [step for step, _ in expected]
    assert values.tobytes() == np.array([v for _, v in expected], float).tobytes()


@given(blocks.filter(len))
def test_each_step_appears_once_with_its_last_value(parts):
    curve = merged([column(block) for block in parts])
    last_word = {step: value for block in parts for step, value in block}
    expected = sorted(last_word.items())
    assert curve.steps.tolist() == [step for step, _ in expected]
    assert repr(curve.values.tolist()) == repr([value for _, value in expected])


def test_a_view_does_not_change_when_the_column_grows():
    found = Column()
    found.extend(np.arange(3), np.zeros(3))
    steps, _ = found.view()
    found.extend(np.arange(3, 5000), np.ones(4997))
    assert steps.tolist() == [0, 1, 2]
