"""The weighing: clues add up, replays count, and the likeliest comes first."""

import pytest

from nanwatch.diagnosis import cause, ranking
from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.cause import CausePage, Clue
from nanwatch.events import Fix

CASE = Case("nan_loss", "critical", 3)
CURED, FAILED = Trial(True, True, 40), Trial(False, False, 3)


def page(label, *weights, remedy="", also=()):
    clues = [Clue(weight, f"check {weight}", "seen", "expected") for weight in weights]
    testimony = cause.Testimony("summary", clues, Fix("fix"), {"layer": label}, remedy, also)
    return CausePage(label, "t", "w", "r", "b", "a", lambda _: testimony, (), ())


def silent(label):
    return CausePage(label, "t", "w", "r", "b", "a", lambda _: None, (), ())


def tried(**trials):
    return Case("nan_loss", "critical", 3, trials=trials)


def test_the_likeliest_comes_first():
    diagnosis = ranking.diagnose(CASE, (page("weak", 1.5), page("strong", 4), silent("none")))
    assert [found.label for found in diagnosis.causes] == ["strong", "weak"]
    assert (diagnosis.symptom, diagnosis.first_step, diagnosis.label) == ("nan_loss", 3, "strong")


def test_what_is_hardly_likely_is_not_said():
    diagnosis = ranking.diagnose(CASE, (page("unlikely", 0.1),))
    assert (diagnosis.causes, diagnosis.label) == ((), "unknown")


def test_clues_add_up_to_the_logistic_of_their_sum():
    (found,) = ranking.diagnose(CASE, (page("cause", 1.0, 1.0),)).causes
    assert found.confidence == 0.5
    assert [item.check for item in found.evidence] == ["check 1.0", "check 1.0"]


@pytest.mark.parametrize(("trial", "verified"), [(CURED, True), (FAILED, False)])
def test_a_replay_with_the_fix_is_evidence(trial, verified):
    pages = (page("cause", 3.0, remedy="clip"),)
    (untried,) = ranking.diagnose(CASE, pages).causes
    (found,) = ranking.diagnose(tried(clip=trial), pages).causes
    assert (untried.verified, found.verified) == (None, verified)
    assert (found.confidence > untried.confidence) == verified
    assert found.evidence[-1].check == "replay with the fix"


def test_staying_finite_without_learning_is_no_cure():
    pages = (page("cause", 3.0, remedy="clip"),)
    (found,) = ranking.diagnose(tried(clip=Trial(True, False, 40)), pages).causes
    assert found.verified is False


def test_the_replay_of_another_cause_says_nothing():
    pages = (page("cause", 2.0, remedy="clip"),)
    (found,) = ranking.diagnose(tried(lower_rate=CURED), pages).causes
    assert found.verified is None


def test_remedies_are_asked_for_once_and_the_likeliest_first():
    pages = (
        page("weak", 0.0, remedy="scale_inputs", also=("scale_both",)),
        page("strong", 5.0, remedy="clip", also=("lower_rate",)),
        page("middle", 2.0, remedy="lower_rate"),
        page("without", 4.0),
    )
    assert ranking.remedies(CASE, pages) == ["clip", "lower_rate", "scale_inputs", "scale_both"]
