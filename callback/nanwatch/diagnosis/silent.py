"""Runs that stay finite and go wrong: how good a loss is, and how much better a change makes it."""

from __future__ import annotations

import math

from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.cause import REPLAY, Clue
from nanwatch.diagnosis.words import number
from nanwatch.events import Symptom

SILENT: frozenset[Symptom] = frozenset(
    {
        "loss_stuck",
        "underfit",
        "oscillating",
        "overfit",
        "zero_loss",
        "huge_loss",
        "negative_loss",
        "loss_spike",
    }
)
NOT_LEARNING: frozenset[Symptom] = frozenset({"loss_stuck", "underfit", "huge_loss", "oscillating"})
"""The silent symptoms of a network that could learn, but does not."""
DIVERGING: frozenset[Symptom] = frozenset({"nan_loss", "exploding_loss"})
"""The symptoms of numbers that grow until they are none."""
BASELINE, SPIKE = "as_it_is", "loss_spike"
CLEAR, SOME, LITTLE = 0.3, 0.1, 0.04
"""By how much a loss must fall below the unchanged one's, as a share of it."""


def is_silent(case: Case) -> bool:
    """Whether the run stayed finite, so that a replay counts by how much better it gets."""
    return case.symptom in SILENT


def does_not_learn(case: Case) -> bool:
    """Whether the symptom is that of a network that could learn, but does not."""
    return case.symptom in NOT_LEARNING


def level(case: Case, remedy: str) -> float:
    """The final loss of a replay as a multiple of a constant guess's; NaN when it is not known."""
    trial = case.trials.get(remedy)
    return math.nan if trial is None else _level(case, trial)


def gain(case: Case, remedy: str) -> float:
    """Which share of the loss of the unchanged replay a change takes away.

    1 is all of it, 0 none, below 0 it makes things worse; NaN when there is nothing to compare.
    Of a spike the highest loss counts, of other symptoms that of the end.
    """
    base, changed = case.trials.get(BASELINE), case.trials.get(remedy)
    if base is None or changed is None:
        return math.nan
    if not changed.finite:
        return -1.0
    if case.symptom == SPIKE:
        return 1 - changed.highest / base.highest if base.highest > 0 else math.nan
    before, after = _comparable(case, base, changed)
    return (before - after) / before if before > 0 else math.nan


def helps(case: Case, remedy: str) -> bool:
    """Whether a change makes a network learn that did not: clearly better than unchanged."""
    return gain(case, remedy) >= CLEAR and helps_some(case, remedy)


def helps_some(case: Case, remedy: str) -> bool:
    """Whether a change makes the loss fall where it did not, be it not far in a short replay."""
    share = gain(case, remedy)
    base, changed = case.trials.get(BASELINE), case.trials.get(remedy)
    if base is None or changed is None or _idles(case, changed):
        return False
    if share >= SOME:
        return True
    if not math.isnan(changed.guess):
        return False
    fell = max(0.0, base.first - base.last)
    return share >= LITTLE and changed.first - changed.last > 3 * fell


def _idles(case: Case, trial: Trial) -> bool:
    """Whether a loss neither falls nor gets below a constant guess: it only does not grow."""
    falls = trial.last < (1 - LITTLE) * trial.first
    return does_not_learn(case) and not falls and _level(case, trial) >= 1


def gain_clue(case: Case, remedy: str) -> Clue | None:
    """What the replay of a remedy proves, None where it was not made."""
    share, expected = gain(case, remedy), "a loss clearly below that of the replay without it"
    if math.isnan(share):
        return None
    changed = case.trials[remedy]
    seen = f"{changed.made}: {_compared(case, case.trials[BASELINE], changed, share)}"
    better = helps_some(case, remedy)
    weight = -3.0 if not better else 2.5 if share >= CLEAR else 1.0
    return Clue(weight, REPLAY, seen, expected, better)


def _compared(case: Case, base: Trial, changed: Trial, share: float) -> str:
    if case.symptom == SPIKE and changed.finite:
        return f"highest loss {number(changed.highest)}, {number(base.highest)} without it"
    lower = f"{share:.0%}" if share > 0 else "no"
    return f"{changed.course}, {lower} lower than without it"


def best(case: Case, remedies: tuple[str, ...]) -> str:
    """The remedy whose replay gained most; the first when none was made."""
    gains = {name: gain(case, name) for name in remedies}
    known = {name: share for name, share in gains.items() if not math.isnan(share)}
    return max(known, key=known.__getitem__) if known else remedies[0]


def _comparable(case: Case, base: Trial, changed: Trial) -> tuple[float, float]:
    """Both final losses on one scale: that of a constant guess where the loss's own changed.

    A loss of zero or less has no level. The change is then held against the constant guess
    itself; that a short replay does not get below it says nothing.
    """
    if math.isnan(changed.guess):
        return base.last, changed.last
    before, after = _level(case, base), _level(case, changed)
    if before > 0:
        return min(before, 1.0), after
    return (1.0, after) if after <= 1 - SOME else (math.nan, after)


def _level(case: Case, trial: Trial) -> float:
    guess = case.constant_loss if math.isnan(trial.guess) else trial.guess
    return trial.last / guess if guess > 0 else math.nan
