"""Buckets of buckets say what a plain loop over the points says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch_monitor.series import tree
from nanwatch_monitor.series.columns import Curve

numbers = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
value_lists = st.lists(numbers, min_size=1, max_size=300)


def curve_of(values, gap=3):
    return Curve(np.arange(len(values), dtype=np.int64) * gap, np.array(values, float))


def assert_is(buckets, at, inside, gap=3):
    """One bucket against the plain list of (index, value) that belongs in it."""
    values = [value for _, value in inside]
    finite = [value for value in values if math.isfinite(value)]
    assert (buckets.first[at], buckets.last[at]) == (gap * inside[0][0], gap * inside[-1][0])
    assert buckets.n[at] == len(values)
    assert buckets.n_nan[at] == sum(map(math.isnan, values))
    assert buckets.n_pinf[at] == values.count(math.inf)
    assert buckets.n_ninf[at] == values.count(-math.inf)
    about = {"rel": 1e-9, "abs": 1e-6, "nan_ok": True}
    assert buckets.low[at] == pytest.approx(min(finite, default=math.nan), **about)
    assert buckets.high[at] == pytest.approx(max(finite, default=math.nan), **about)
    mean = math.fsum(finite) / len(finite) if finite else math.nan
    assert buckets.mean[at] == pytest.approx(mean, **about)


@given(value_lists, st.integers(1, 9), st.integers(1, 9))
def test_coarse_buckets_are_what_their_points_are(values, fine, coarse):
    found = tree.rolled(tree.rolled(tree.of_points(curve_of(values)), fine), coarse)
    size, points = fine * coarse, list(enumerate(values))
    assert len(found.n) == math.ceil(len(values) / size)
    for at in range(len(found.n)):
        assert_is(found, at, points[at * size : (at + 1) * size])


@given(st.lists(numbers, min_size=1, max_size=40), st.integers(1, 9))
def test_points_are_grouped_at_once_as_step_by_step(values, size):
    curve = curve_of(values * size)
    at_once, slowly = tree.of_groups(curve, size), tree.rolled(tree.of_points(curve), size)
    for name, column in vars(slowly).items():
        assert getattr(at_once, name) == pytest.approx(column, rel=1e-9, abs=1e-6, nan_ok=True)


@given(value_lists)
def test_a_node_reads_back_as_it_was(values):
    whole = tree.rolled(tree.of_points(curve_of(values * 64)), tree.bucket_size(1))
    again = tree.unpack_node(tree.pack_node(whole), level=1)
    for name, column in vars(whole).items():
        assert column.tobytes() == getattr(again, name).tobytes(), name


@given(value_lists, st.integers(0, 300))
def test_parts_join_to_the_whole(values, cut):
    whole = tree.of_points(curve_of(values))
    assert repr(tree.joined([whole[:cut], whole[cut:]])) == repr(whole)


def test_huge_values_have_a_mean():
    found = tree.rolled(tree.rolled(tree.of_points(curve_of([1e308, 1.7e308] * 64)), 64), 2)
    assert found.mean.tolist() == [pytest.approx(1.35e308)]


def test_the_level_follows_the_zoom():
    assert [tree.level_for(n) for n in (0.5, 63, 64, 255, 256, 1024 * 64)] == [0, 0, 1, 1, 2, 6]
    assert tree.row_size(2) == tree.FAN * tree.row_size(1) == 4 * 65536
    assert tree.row_size(1) % tree.row_size(0) == 0
