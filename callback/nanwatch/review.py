"""Judges a run that stayed finite: is there a trouble that nobody would notice, and which cause?

A doubt alone is never told. The run is examined - its last batches taken apart, its beginning
replayed with one change at a time - and what is told has a cause that is likelier than not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from nanwatch.autopsy.examiner import SECONDS_EACH_SILENT
from nanwatch.detectors import Signal
from nanwatch.diagnosis import CAUSES, diagnose, ranking, remedies
from nanwatch.diagnosis.apart import of_output
from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.outputs import outputs
from nanwatch.diagnosis.ranking import LIKELY
from nanwatch.diagnosis.silent import BASELINE, level
from nanwatch.diagnosis.weighting import pulls_both_ways
from nanwatch.doubts import Doubt, Doubts
from nanwatch.events import Diagnosis
from nanwatch.watcher import Watcher

if TYPE_CHECKING:
    from nanwatch.autopsy import Examiner

EARLY, UNTRIED = 0.7, 0.85
"""How likely a cause must be that is told of a run that goes on and may yet get better, and of one
that left no time for replays; of one that is over, LIKELY is enough."""
BELOW, BETTER = 0.9, 0.6
"""What a replay must reach to prove that a poor end could have been better: as multiples of the
end's level, after far fewer steps, and of the level of the replay without the change."""
SETTLED, HIGH = 0.88, 0.6
"""A cause that is as likely before any replay must only help in one; where none can be made, the
run must have ended so high, as a multiple of a constant guess's loss."""


class Review:
    """Judges one run.

    Args:
        say: tells what is tried.
    """

    def __init__(self, watcher: Watcher, examiner: Examiner, say: Callable[[str], None]) -> None:
        self._watcher = watcher
        self._examiner = examiner
        self._say = say
        self._doubts = Doubts(watcher, examiner)
        self._trials: dict[str, dict[str, Trial]] = {}  # by output, "" for the whole model

    def at_the_end(self, foreseen: Sequence[Diagnosis] = ()) -> Diagnosis | None:
        """The most telling trouble that has a likely cause; None for a healthy run.

        Args:
            foreseen: what was feared at the beginning: it is looked into where a run ended poorly.
        """
        feared = {cause.label for one in foreseen for cause in one.causes}
        for doubt, case in self._cases(lambda: self._doubts.at_the_end(bool(feared))):
            if doubt.poor and not _seen_from(doubt.output, case).likelihood >= LIKELY:
                continue
            found = self._tried(case, doubt.output)
            if self._is_proven(case, found, LIKELY) and (
                not doubt.poor or self._came_true(doubt, case, feared, found)
            ):
                return found
        return None

    def meanwhile(self) -> Diagnosis | None:
        """A trouble of a run that goes on, and that no patience will mend."""
        if self._watcher.rate_rises:
            return None
        for doubt, case in self._cases(self._doubts.meanwhile):
            found = self._tried(case, doubt.output)
            if self._is_proven(case, found, EARLY):
                return found
        return None

    def of_players(self) -> Diagnosis | None:
        """Of networks that play against each other losses tell nothing; weights at rest do."""
        now, beginning = self._examiner.portraits()
        seen = f"{len(now.untrained)} variables hold what their initializers drew"
        last = self._watcher.course().last_step
        signal = Signal("underfit", "warning", "batch/loss", last, seen)
        case = dataclasses.replace(self._watcher.case(signal, now), beginning=beginning)
        found = ranking.diagnose(case, (CAUSES["frozen_weights"],))
        return found if found.likelihood >= LIKELY else None

    def in_a_hurry(self) -> Diagnosis | None:
        """A trouble that is plain without any replay."""
        for doubt, case in self._cases(self._doubts.meanwhile):
            found = _seen_from(doubt.output, case)
            if found.likelihood >= UNTRIED:
                return found
        return None

    def _cases(self, doubts: Callable[[], list[Doubt]]) -> Iterator[tuple[Doubt, Case]]:
        """The doubts, each with everything that is known about it but for replays."""
        if not self._watcher.course().long_enough or not (found := doubts()):
            return
        now, beginning = self._examiner.portraits()
        for doubt in self._doubts.without_penalty(found, now.penalty):
            case = dataclasses.replace(
                self._watcher.case(doubt.signal, now),
                beginning=beginning,
                constant_loss=doubt.guess,
                perfect_loss=self._doubts.truth[0],
            )
            if not pulls_both_ways(case):
                yield doubt, case

    def _is_proven(self, case: Case, found: Diagnosis, least: float) -> bool:
        """Whether a cause is likely enough.

        Where the step is the user's own, nobody knows whether a lower loss is a better one: a
        cause must be likely before any replay.
        """
        own = self._watcher.facts.get("own_step") and not diagnose(case).likelihood >= LIKELY
        return not own and found.likelihood >= least

    def _came_true(
        self, doubt: Doubt, case: Case, feared: Collection[str], found: Diagnosis
    ) -> bool:
        """Whether a suspect explains a poor end: a replay gets below the whole training.

        What was not feared at the beginning must be the cause that the replay was made for.
        """
        before, proven = _seen_from(doubt.output, case), found.causes[0].verified
        settled = before.label == found.label and before.likelihood >= SETTLED
        ended = self._watcher.course(doubt.guess, output=doubt.output).against_guess
        if settled and proven is None:
            return ended > HIGH
        known, apart = self._trials.get(doubt.output, {}), _apart(doubt.output, case)
        tried = _apart(doubt.output, dataclasses.replace(case, trials=dict(known)))
        best = min((level(tried, name) for name in remedies(apart)), default=math.nan)
        if settled and proven:
            return best < ended
        better = best < BELOW * ended and best < BETTER * level(tried, BASELINE)
        return bool((found.label in feared or proven) and better)

    def _tried(self, case: Case, output: str) -> Diagnosis:
        """The diagnosis with what the replays show; each is made once for an output."""
        apart, known = _apart(output, case), self._trials.setdefault(output, {})
        wanted = [name for name in remedies(apart) if name not in known]
        if wanted:
            self._say(f"nanwatch: {case.seen}: looking for the cause (Ctrl-C skips it) ...")
            names = wanted if BASELINE in known else [BASELINE, *wanted]
            head = outputs(apart)[0].layer if output else ""
            known |= self._examiner.trials(names, SECONDS_EACH_SILENT, head)
        untried = self._examiner.untried
        tried = dataclasses.replace(case, trials=dict(known), untried=untried)
        return _seen_from(output, tried)


def _apart(output: str, case: Case) -> Case:
    return of_output(case, output) if output else case


def _seen_from(output: str, case: Case) -> Diagnosis:
    """The diagnosis of a case, or of one output of it, which is named."""
    found = diagnose(_apart(output, case))
    if not output:
        return found
    placed = [
        dataclasses.replace(cause, where={"output": output, **cause.where})
        for cause in found.causes
    ]
    return dataclasses.replace(found, causes=tuple(placed))
