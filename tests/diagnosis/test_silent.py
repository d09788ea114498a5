"""How much better a change makes a run that stayed finite."""

import math
from dataclasses import replace

import pytest

from nanwatch.diagnosis.case import Trial
from nanwatch.diagnosis.silent import best, gain, gain_clue, helps, helps_some, level
from nanwatch.diagnosis.silent_examples import idle


def tried(**trials):
    case = idle(as_it_is=1.0)
    case.trials.update(trials)
    return case


def test_a_gain_is_the_share_of_the_loss_that_a_change_takes_away():
    case = idle(higher_rate=0.4, clip=1.2)
    assert gain(case, "higher_rate") == pytest.approx(0.6)
    assert gain(case, "clip") == pytest.approx(-0.2)
    assert helps(case, "higher_rate")
    assert not helps(case, "clip")


def test_a_replay_that_blew_up_is_no_gain():
    assert gain(tried(clip=Trial(False, False, 4, 1.0, 0.1)), "clip") < 0


def test_nothing_is_known_of_what_was_not_tried():
    assert math.isnan(gain(idle(higher_rate=0.4), "clip"))
    assert gain_clue(idle(higher_rate=0.4), "clip") is None
    assert math.isnan(gain(tried(), "clip"))


def test_a_loss_on_another_scale_is_held_against_its_own_guess():
    case = tried(scale_targets=Trial(True, True, 50, 4.0, 1.0, guess=5.0))
    assert level(case, "scale_targets") == pytest.approx(0.2)
    assert gain(case, "scale_targets") == pytest.approx(0.8)


@pytest.mark.parametrize("constant", [2.0, -2.0, math.nan])
def test_a_loss_below_zero_is_held_against_the_guess_itself(constant):
    negative = Trial(True, True, 50, -1.0, -300.0)
    case = tried(as_it_is=negative, unit_labels=Trial(True, True, 50, 1.0, 0.2, guess=0.5))
    assert gain(replace(case, constant_loss=constant), "unit_labels") == pytest.approx(0.6)


def test_a_short_replay_that_stays_above_the_guess_refutes_no_cause_of_a_negative_loss():
    case = tried(
        as_it_is=Trial(True, True, 50, -1.0, -300.0),
        as_regression=Trial(True, True, 50, 9.0, 7.0, guess=5.0),
    )
    assert math.isnan(gain(case, "as_regression"))


def test_a_short_replay_may_show_a_beginning_only():
    case = tried(
        higher_rate=Trial(True, True, 50, 1.0, 0.94), clip=Trial(True, True, 50, 1.0, 0.99)
    )
    assert helps_some(case, "higher_rate")
    assert not helps_some(case, "clip")


def test_the_best_of_some_changes_is_the_one_that_gains_most():
    case = idle(higher_rate=0.4, clip=0.3)
    assert best(case, ("higher_rate", "clip", "redraw")) == "clip"
    assert best(case, ("redraw", "unfreeze")) == "redraw"


def test_of_a_spike_the_highest_loss_counts():
    case = replace(
        tried(
            as_it_is=Trial(True, True, 50, 1.0, 0.3, highest=500.0),
            drop_outliers=Trial(True, True, 50, 1.0, 0.3, highest=2.0),
        ),
        symptom="loss_spike",
    )
    assert gain(case, "drop_outliers") == pytest.approx(0.996)
    assert gain_clue(case, "drop_outliers").seen == "50 steps: highest loss 2, 500 without it"
