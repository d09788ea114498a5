"""The whole course of a series in a bounded number of blocks."""

import math

import numpy as np
import pytest

from nanwatch.detectors.curve import MOST, Curve


def curve_of(values):
    curve = Curve()
    for value in values:
        curve.add(float(value))
    return curve


@pytest.mark.parametrize("n", [1, 7, MOST, 10_000])
def test_blocks_are_bounded_and_lose_nothing(n):
    values = np.random.default_rng(n).normal(size=n)
    curve = curve_of(values)
    assert len(curve.blocks) <= MOST
    assert sum(block.n for block in curve.blocks) == curve.n == n
    mean = sum(block.n * block.mean for block in curve.blocks) / n
    assert mean == pytest.approx(values.mean(), abs=1e-12)
    assert max(block.high for block in curve.blocks) == values.max()
    assert min(block.low for block in curve.blocks) == values.min()


def test_what_is_not_finite_leaves_no_trace():
    assert curve_of([1.0, math.nan, math.inf, 3.0]).blocks == curve_of([1.0, 3.0]).blocks


def test_levels_follow_the_course():
    curve = curve_of(np.linspace(10.0, 0.0, 1001))
    assert curve.start == pytest.approx(10.0, abs=0.1)
    assert curve.end == pytest.approx(0.6, abs=0.2)
    assert curve.level(0.45, 0.55) == pytest.approx(5.0, abs=0.2)


def test_the_spread_is_that_of_the_noise():
    quiet, loud = (curve_of(np.random.default_rng(0).normal(0, s, 200)) for s in (0.1, 1.0))
    assert loud.spread(0.5, 1.0) == pytest.approx(10 * quiet.spread(0.5, 1.0))


def test_nothing_yet_has_no_level():
    assert math.isnan(Curve().start)
    assert math.isnan(Curve().end)
