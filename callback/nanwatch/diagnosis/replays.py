"""What replays prove of a fix, and in which words that is told.

Of a run that failed, a fix holds when the loss stays finite and falls, where the same replay
without it fails or ends clearly higher. Of a run that stayed finite, see silent.py.
"""

from __future__ import annotations

import math
from dataclasses import replace

from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.cause import REPLAY, Clue
from nanwatch.diagnosis.silent import BASELINE, SOME, gain, gain_clue, helps_some, is_silent

HOPED = "finite, and the loss falls"
HELD = Clue(2.0, REPLAY, HOPED, HOPED, healthy=True)
FAILED = Clue(-1.5, REPLAY, "did not help", HOPED, healthy=False)
NO_REPLAY = "no replay can make this change"
REPEATED = "the failing step, made once more"


def verified(case: Case, remedy: str) -> bool | None:
    """Whether a replay proved the fix; None where none was made, or none could prove it."""
    if is_silent(case):
        known = not math.isnan(gain(case, remedy))
        return helps_some(case, remedy) if known else None
    trial = case.trials.get(remedy)
    if trial is None or (case.cured(remedy) and _needless(case, trial)):
        return None
    return case.cured(remedy)


def replay_clues(case: Case, remedy: str) -> list[Clue]:
    """What the replay of a remedy says for its cause, or why there was none."""
    found = repeated(case)
    if is_silent(case) and (clue := gain_clue(case, remedy)) is not None:
        return [*found, clue]
    trial, proof = case.trials.get(remedy), verified(case, remedy)
    if trial is not None:
        clue = Clue(0.0, REPLAY, "", HOPED) if proof is None else HELD if proof else FAILED
        found.append(replace(clue, seen=f"{trial.made}: {_result(case, trial, proof)}"))
    elif why := case.untried.get(remedy, "" if remedy or case.autopsy is None else NO_REPLAY):
        found.append(Clue(0.0, REPLAY, f"not made: {why}", HOPED))
    return found


def repeated(case: Case) -> list[Clue]:
    """What may have failed by chance, or only as it was compiled, must be told as such."""
    if case.symptom != "nan_loss" or case.autopsy is None or case.autopsy.repeated:
        return []
    seen = "finite: the failure could not be reproduced from the kept state"
    return [Clue(0.0, REPEATED, seen, "not finite as well")]


def _needless(case: Case, trial: Trial) -> bool:
    """Whether the replay without a change does as well, so that nothing is proven.

    Below 0 it does not where the changed loss, another one, stays above: it runs away.
    """
    unchanged = case.trials.get(BASELINE)
    if unchanged is None or not unchanged.cured:
        return False
    if not math.isnan(trial.guess) and unchanged.last < 0 <= trial.last:
        return False
    return not trial.last < (1 - SOME) * unchanged.last


def _result(case: Case, trial: Trial, proof: bool | None) -> str:
    if proof and case.stays_perfect(trial):
        return "finite, the loss stays 0"
    if proof:
        return f"finite, {trial.course}" + ("" if trial.fell else ", as low as before the failure")
    if not trial.finite:
        return trial.course
    if proof is None:
        return f"finite, {trial.course}, but the same without the change"
    fell = trial.last < trial.first
    why = "too few weights still learn" if fell else "it does not fall"
    return f"finite, {trial.course}, but {why}"
