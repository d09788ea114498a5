"""The overview says of each bucket what a plain loop over its points says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nanwatch_monitor.series.columns import Curve
from nanwatch_monitor.series.overview import overview, summary
from nanwatch_monitor.series.tree import of_points

numbers = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
point_lists = st.lists(numbers, max_size=300)


def shown(curve, buckets):
    return overview(of_points(curve), buckets, curve.nonfinite())


def curve_of(values, gap=3):
    return Curve(np.arange(len(values), dtype=np.int64) * gap, np.array(values, float))


@given(values=point_lists, buckets=st.integers(1, 40))
def test_every_bucket_is_what_its_points_are(values, buckets):
    curve = curve_of(values)
    found = shown(curve, buckets)
    assert found.n.sum() == len(values)
    assert len(found.n) == min(buckets, len(values))
    for at in range(len(found.n)):
        inside = curve.between(int(found.first[at]), int(found.last[at])).values.tolist()
        finite = [value for value in inside if math.isfinite(value)]
        assert found.n[at] == len(inside)
        assert found.n_nonfinite[at] == len(inside) - len(finite)
        assert_same(found.low[at], min(finite, default=math.nan))
        assert_same(found.high[at], max(finite, default=math.nan))
        assert_same(found.mean[at], math.fsum(finite) / len(finite) if finite else math.nan)


def assert_same(found, expected):
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6, nan_ok=True)


@given(values=point_lists, buckets=st.integers(1, 40))
def test_every_planted_non_finite_value_is_listed_with_its_step(values, buckets):
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    planted = [(3 * at, words[str(v)]) for at, v in enumerate(values) if not math.isfinite(v)]
    listed = shown(curve_of(values), buckets).nonfinite
    assert [(found.step, found.kind) for found in listed] == planted


def test_as_many_buckets_as_points_are_the_points():
    found = shown(curve_of([1.0, math.nan, 3.0]), 10)
    assert found.first.tolist() == found.last.tolist() == [0, 3, 6]
    assert repr(found.mean.tolist()) == "[1.0, nan, 3.0]"


def test_a_mean_of_huge_values_does_not_overflow():
    assert shown(curve_of([1e308] * 64), 1).mean.tolist() == [1e308]


def test_all_are_counted_however_many_are_listed():
    curve = curve_of([math.nan] * 5000)
    found = overview(of_points(curve), 2, curve.nonfinite()[:7])
    assert len(found.nonfinite) == 7
    assert found.n_nonfinite.tolist() == [2500, 2500]


@given(st.lists(numbers, min_size=1, max_size=300))
def test_the_summary_counts_every_kind(values):
    found = summary(of_points(curve_of(values)), values[-1])
    finite = [value for value in values if math.isfinite(value)]
    assert found.n == len(values) == len(finite) + found.n_nan + found.n_pinf + found.n_ninf
    assert found.low == min(finite, default=None)
    assert found.high == max(finite, default=None)
    assert repr(found.last) == repr(values[-1])
