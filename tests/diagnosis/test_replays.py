"""What is said of a replay: that it held, that it did not, and that it proves nothing."""

import math
from dataclasses import replace

import pytest

from nanwatch.diagnosis.case import Autopsy, Case, Trial
from nanwatch.diagnosis.examples import failed
from nanwatch.diagnosis.replays import replay_clues, verified

HELD = Trial(True, True, 40, 2.0, 0.5, words="scaled inputs")
LOST = Trial(False, False, 6, 2.0, math.nan, words="scaled inputs")
STILL = Trial(True, False, 40, 2.0, 2.1, words="scaled inputs")
DEAD = Trial(True, False, 40, 2.0, 1.9, words="scaled inputs")
ZERO = Trial(True, False, 40, 0.0, 1e-7, words="roots of what is above 0")


def case(trial, loss=math.nan, **more):
    return replace(failed(fix=trial, **more), autopsy=Autopsy(loss=loss))


@pytest.mark.parametrize(
    ("trial", "proof", "seen"),
    [
        (HELD, True, "scaled inputs, 40 steps: finite, loss 2 to 0.5"),
        (LOST, False, "scaled inputs, 6 steps: not finite"),
        (STILL, False, "scaled inputs, 40 steps: finite, loss 2 to 2.1, but it does not fall"),
        (
            DEAD,
            False,
            "scaled inputs, 40 steps: finite, loss 2 to 1.9, but too few weights still learn",
        ),
    ],
)
def test_a_replay_is_told_with_its_numbers(trial, proof, seen):
    (clue,) = replay_clues(case(trial), "fix")
    assert (verified(case(trial), "fix"), clue.seen) == (proof, seen)
    assert clue.healthy is proof


def test_a_loss_that_was_zero_need_not_fall():
    assert verified(case(ZERO, loss=0.0), "fix") is True
    assert replay_clues(case(ZERO, loss=0.0), "fix")[-1].seen.endswith("finite, the loss stays 0")


DONE = (9.0, 6.0, 4.0, 2.2, 2.0, 2.1, 2.0, 2.0)


@pytest.mark.parametrize(
    ("trial", "losses", "proof"),
    [(STILL, DONE, True), (STILL, (3.0, 2.2, 2.0), False), (replace(STILL, last=2.5), DONE, False)],
    ids=["stays", "had not come far", "rises"],
)
def test_a_training_that_is_nearly_done_need_not_fall(trial, losses, proof):
    (clue,) = replay_clues(case(trial, losses=losses), "fix")
    assert verified(case(trial, losses=losses), "fix") is proof
    assert clue.seen.endswith("as low as before the failure") is proof
    assert verified(case(DEAD, losses=losses), "fix") is False


@pytest.mark.parametrize("loss", [math.nan, 3.0])
def test_a_zero_that_the_change_has_made_proves_nothing(loss):
    assert verified(case(ZERO, loss=loss), "fix") is False


def test_a_fix_is_not_proven_where_the_unchanged_replay_does_as_well():
    unchanged = replace(HELD, last=0.52)
    (clue,) = replay_clues(case(HELD, as_it_is=unchanged), "fix")
    assert verified(case(HELD, as_it_is=unchanged), "fix") is None
    assert (clue.weight, clue.healthy) == (0.0, None)
    assert clue.seen.endswith("but the same without the change")


def test_a_loss_that_runs_away_below_zero_does_not_do_as_well_as_another_one():
    away = replace(HELD, first=-1.0, last=-2e4)
    rescaled = replace(HELD, guess=1.0)
    assert verified(case(rescaled, as_it_is=away), "fix") is True
    assert verified(case(HELD, as_it_is=away), "fix") is None


@pytest.mark.parametrize("unchanged", [LOST, STILL, replace(HELD, last=1.5)])
def test_it_is_where_the_unchanged_one_fails_or_stays_behind(unchanged):
    assert verified(case(HELD, as_it_is=unchanged), "fix") is True


def test_why_no_replay_was_made_is_said():
    skipped = replace(case(HELD), trials={}, untried={"fix": "skipped by Ctrl-C"})
    assert replay_clues(skipped, "fix")[-1].seen == "not made: skipped by Ctrl-C"
    assert replay_clues(skipped, "")[-1].seen == "not made: no replay can make this change"
    assert verified(skipped, "fix") is None


def test_without_an_examination_nothing_is_said():
    assert replay_clues(Case("nan_loss", "critical", 3), "fix") == []


def test_a_failure_that_does_not_come_again_is_told():
    first, *_ = replay_clues(case(HELD, loss=0.5), "fix")
    assert "could not be reproduced" in first.seen
    assert first.weight == 0.0
