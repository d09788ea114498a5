"""At one step the later word counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nanwatch.events import Points
from nanwatch_monitor.series.columns import curves_of, merged

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
    for name, curve in found.items():
        alone = merged(
            [(block.steps, block.values[name]) for block in said if name in block.values]
        )
        assert repr(curve) == repr(alone)


def named(names, block):
    steps, values = column(block)
    return steps, {name: values + no for no, name in enumerate(names)}
