"""Judges a run that stayed finite: is there a trouble that nobody would notice, and which cause?

A detector's suspicion alone is never told. The run is examined - its last batches taken apart,
its beginning replayed with one change at a time - and what is told has a cause that is likelier
than not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nanwatch.autopsy.examiner import SECONDS_EACH_SILENT
from nanwatch.detectors import Signal
from nanwatch.diagnosis import diagnose, remedies
from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.silent import BASELINE, level
from nanwatch.events import Diagnosis
from nanwatch.watcher import Watcher

if TYPE_CHECKING:
    from nanwatch.autopsy import Examiner

LIKELY = 0.5
NO_BETTER, POOR, NOTHING = 0.95, 0.2, 1e-6
"""Levels of a loss as multiples of a constant guess's: hardly better, poor; and no loss at all."""
BELOW, BETTER = 0.9, 0.6
"""What a replay must reach to prove that a poor end could have been better: as multiples of the
end's level, after far fewer steps, and of the level of the replay without the change."""


class Review:
    """Judges one run, at its end or while it goes on.

    Args:
        say: tells what is tried.
    """

    def __init__(self, watcher: Watcher, examiner: Examiner, say: Callable[[str], None]) -> None:
        self._watcher = watcher
        self._examiner = examiner
        self._say = say
        self._trials: dict[str, Trial] = {}

    def judge(self, foreseen: Sequence[Diagnosis] = ()) -> Diagnosis | None:
        """The most telling trouble that has a likely cause; None for a healthy run.

        Args:
            foreseen: what was feared at the beginning: it is looked into where a run ended poorly.
        """
        if not self._watcher.course().long_enough:
            return None
        guess = self._examiner.guess()
        certain = self._watcher.suspicions(guess) or self._hidden(guess)
        certain = certain or (self._blind(guess) if foreseen else [])
        perfect = self._examiner.perfect() if self._watcher.course().custom else math.nan
        certain = certain or self._reversed(guess, perfect)
        poor = [] if certain else self._poor_end(guess)
        if not (certain or poor):
            return None
        now, beginning = self._examiner.portraits()
        for signal in self._watcher.suspicions(guess, now.penalty) or certain or poor:
            case = dataclasses.replace(
                self._watcher.case(signal, now),
                beginning=beginning,
                constant_loss=guess,
                perfect_loss=perfect,
            )
            if signal in poor and not _is_likely(diagnose(case)):
                continue
            found = self._tried(case)
            if _is_likely(found) and (signal not in poor or self._came_true(case, foreseen, found)):
                return found
        return None

    def _hidden(self, guess: float) -> list[Signal]:
        """A model whose predictions are worse than the loss that it was trained by."""
        plain = math.nan if self._watcher.facts.get("own_step") else self._examiner.plain()
        if not plain > NO_BETTER * guess > 0:
            return []
        return [self._poor(f"predictions that by themselves have a loss of {plain:.4g}", guess)]

    def _reversed(self, guess: float, perfect: float) -> list[Signal]:
        """A negative loss of the user's own that likes a constant guess better than the truth."""
        end = self._watcher.course(guess).data_end
        if not (end < 0 and guess < perfect - abs(perfect) and end < perfect - abs(perfect)):
            return []
        seen = f"{end:.4g} at the end; predictions that equal the labels have {perfect:.4g}"
        return [Signal("negative_loss", "warning", "batch/loss", 0, seen)]

    def _blind(self, guess: float) -> list[Signal]:
        """A loss for which one guess is as good as it gets, whatever the inputs."""
        seen = f"{self._watcher.course(guess).data_end:.4g} at the end"
        return [self._poor(seen, guess)] if abs(guess) < NOTHING else []

    def _poor_end(self, guess: float) -> list[Signal]:
        """A run that got below a constant guess, but not far: it may be all that can be had."""
        course = self._watcher.course(guess)
        if not course.against_guess > POOR:
            return []
        return [self._poor(f"{course.data_end:.4g} at the end", guess)]

    def _poor(self, seen: str, guess: float) -> Signal:
        words = f"{seen}; a constant guess has {guess:.4g}"
        return Signal("underfit", "warning", "batch/loss", self._watcher.course().last_step, words)

    def _came_true(self, case: Case, foreseen: Sequence[Diagnosis], found: Diagnosis) -> bool:
        """Whether a suspect explains a poor end: a replay gets below the whole training.

        What was not feared at the beginning must be the cause that the replay was made for.
        """
        feared = {cause.label for one in foreseen for cause in one.causes}
        tried = dataclasses.replace(case, trials=dict(self._trials))
        ended = self._watcher.course(case.constant_loss).against_guess
        best = min((level(tried, name) for name in remedies(case)), default=math.nan)
        sure = found.label in feared or bool(found.causes[0].verified)
        unchanged = level(tried, BASELINE)
        return sure and bool(best < BELOW * ended and best < BETTER * unchanged)

    def _tried(self, case: Case) -> Diagnosis:
        """The diagnosis with what the replays show; each is made once for all suspicions."""
        wanted = [name for name in remedies(case) if name not in self._trials]
        if wanted:
            self._say(f"nanwatch: {case.seen}: looking for the cause (Ctrl-C skips it) ...")
            names = wanted if BASELINE in self._trials else [BASELINE, *wanted]
            self._trials |= self._examiner.trials(names, SECONDS_EACH_SILENT)
        untried = self._examiner.untried
        return diagnose(dataclasses.replace(case, trials=dict(self._trials), untried=untried))


def _is_likely(diagnosis: Diagnosis) -> bool:
    return bool(diagnosis.causes) and diagnosis.causes[0].confidence >= LIKELY
