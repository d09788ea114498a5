"""An explosion is over when the loss stays low, and coming and going is told with measure."""

import math

from nanwatch_monitor.alerts.calm import HOLD_S, Thermometer, heat, worth_telling


def turns_of(heats, every_s=10.0, hot=True):
    """At which readings it changes how it stands."""
    thermometer = Thermometer(hot)
    return [n for n, heat in enumerate(heats) if thermometer.read(heat, n * every_s)]


def test_heat_is_the_highest_of_late_over_the_usual_of_before():
    assert heat([1.0, 2.0, 3.0, math.nan], [4.0, -8.0]) == 4.0
    assert heat([1.0], [2.0, math.nan]) == math.inf
    assert heat([], [1.0]) is heat([1.0], []) is None


def test_it_is_calm_after_a_minute_below_the_lower_threshold():
    assert turns_of([20, 5, 2, 2, 2, 2, 2, 2, 2]) == [2 + HOLD_S / 10]


def test_between_the_thresholds_nothing_changes():
    assert turns_of([5.0] * 50) == []
    assert turns_of([5.0] * 50, hot=False) == []


def test_a_single_high_reading_starts_the_minute_anew():
    assert turns_of([2, 2, 2, 2, 2, 4, 2, 2, 2, 2, 2, 2, 2]) == [12]


def test_what_was_calm_flares_up_at_once():
    assert turns_of([2] * 7 + [9, 11]) == [6, 8]


def told(moments):
    """What is told of turns at these moments."""
    plain = ("resolved", "again")
    return [worth_telling(moments[:n], at, plain[n % 2]) for n, at in enumerate(moments)]


def test_of_a_hundred_turns_two_are_told():
    found = told([float(60 * n) for n in range(200)])
    assert [one for one in found if one] == ["resolved", "flapping"]


def test_turns_with_quiet_between_them_are_all_told():
    assert told([0.0, 600.0, 1200.0, 1800.0]) == ["resolved", "again", "resolved", "again"]


def test_after_a_quiet_time_the_next_turn_is_told_again():
    assert told([0.0, 60.0, 120.0, 900.0]) == ["resolved", "flapping", None, "again"]
