"""Curves made of block characters."""

import math

from nanwatch.cli.sketch import curve


def test_a_rise_goes_from_the_lowest_eighth_to_the_top():
    rail, upper, lower = curve([0.0, 5.0, 10.0], 2)
    assert (rail, upper, lower) == ("   ", " ▁█", "▁██")


def test_what_is_not_finite_is_marked_and_not_drawn():
    rail, line = curve([1.0, math.nan, 2.0, math.inf], 1)
    assert (rail, line) == (" × ×", "▁ █ ")


def test_a_flat_curve_an_empty_one_and_the_largest_numbers():
    assert curve([3.0, 3.0], 1) == ["  ", "▁▁"]
    assert curve([], 2) == ["", "", ""]
    assert curve([-1.7e308, 1.7e308], 1) == ["  ", "▁█"]
