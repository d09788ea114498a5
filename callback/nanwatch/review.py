"""Judges a run that stayed finite: is there a trouble that nobody would notice, and which cause?

A detector's suspicion alone is never told. The run is examined - its last batches taken apart,
its beginning replayed with one change at a time - and what is told has a cause that is likelier
than not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from nanwatch.autopsy.examiner import SECONDS_EACH_SILENT
from nanwatch.diagnosis import diagnose, remedies
from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.silent import BASELINE
from nanwatch.events import Diagnosis
from nanwatch.watcher import Watcher

if TYPE_CHECKING:
    from nanwatch.autopsy import Examiner

LIKELY = 0.5


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

    def judge(self) -> Diagnosis | None:
        """The most telling trouble that has a likely cause; None for a healthy run."""
        if not self._watcher.course().long_enough:
            return None
        guess = self._examiner.guess()
        signals = self._watcher.suspicions(guess)
        if not signals:
            return None
        self._say(f"nanwatch: {signals[0].seen}: looking for the cause (Ctrl-C skips it) ...")
        now, beginning = self._examiner.portraits()
        for signal in self._watcher.suspicions(guess, now.penalty):
            case = dataclasses.replace(
                self._watcher.case(signal, now), beginning=beginning, constant_loss=guess
            )
            found = self._tried(case)
            if found.causes and found.causes[0].confidence >= LIKELY:
                return found
        return None

    def _tried(self, case: Case) -> Diagnosis:
        """The diagnosis with what the replays show; each is made once for all suspicions."""
        wanted = [name for name in remedies(case) if name not in self._trials]
        if wanted:
            names = wanted if BASELINE in self._trials else [BASELINE, *wanted]
            self._trials |= self._examiner.trials(names, SECONDS_EACH_SILENT)
        return diagnose(dataclasses.replace(case, trials=dict(self._trials)))
