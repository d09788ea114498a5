"""At one step the later word counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nanwatch.events import Points
from nanwatch_monitor.series.columns import attempts, curves_of, merged

blocks = st.lists(
    st.lists(st.tuples(st.integers(0, 50), st.floats()), min_size=1, max_size=400), max_size=8
)


def column(block):
    return np.array([step for step, _ in block], np.int64), np.array([v for _, v in block], float)


@given(blocks.filter(len))
def test_each_step_appears_once_with_its_last_value(parts):
    curve = merged([column(block) for block in parts])
    last_word = {step: value for block in parts for step, value in block}
    expected = sorted(last_word.items())
    assert curve.steps.tolist() == [step for step, _ in expected]
    assert repr(curve.values.tolist()) == repr([value for _, value in expected])


@given(blocks.filter(len), st.integers(0, 50), st.integers(0, 50))
def test_a_window_holds_both_of_its_ends(parts, first, last):
    curve = merged([column(block) for block in parts])
    inside = [step for step in curve.steps.tolist() if first <= step <= last]
    assert curve.between(first, last).steps.tolist() == inside
    assert curve.between(None, None).steps.tolist() == curve.steps.tolist()


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "ab", "bc"]), blocks), max_size=5))
def test_series_come_apart_in_whatever_company_they_come(parts):
    said = [Points(*named(names, block)) for names, some in parts for block in some]
    found = curves_of(said)
    assert list(found) == list(dict.fromkeys(name for block in said for name in block.values))
    for name, curves in found.items():
        alone = [(block.steps, block.values[name]) for block in said if name in block.values]
        assert repr(curves) == repr(attempts(alone))


def named(names, block):
    steps, values = column(block)
    return steps, {name: values + no for no, name in enumerate(names)}


@given(blocks.filter(len))
def test_attempts_rise_and_lie_over_each_other_as_they_were_said(parts):
    parts = [column(block) for block in parts]
    curves = attempts(parts)
    assert all((curve.steps[1:] > curve.steps[:-1]).all() for curve in curves)
    assert repr(merged([(one.steps, one.values) for one in curves])) == repr(merged(parts))


def split(*steps):
    """The steps of each attempt, where these were said in this order."""
    values = np.arange(len(steps), dtype=float)
    return [curve.steps.tolist() for curve in attempts([(np.array(steps), values)])]


def test_a_step_that_goes_back_to_what_was_said_begins_an_attempt():
    assert split(0, 1, 2, 3, 2, 3, 4, 0, 1) == [[0, 1, 2, 3], [2, 3, 4], [0, 1]]


def test_points_that_only_come_out_of_order_are_one_attempt():
    assert split(0, 2, 1, 4, 3) == [[0, 1, 2, 3, 4]]


def test_what_goes_back_all_the_time_has_no_order():
    assert split(*[7] * 100) == [[7]]
