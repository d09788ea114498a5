"""From a symptom, or a run's end, to a diagnosis: the examiner's evidence put before the causes."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import keras

from nanwatch.autopsy import Examiner
from nanwatch.autopsy.examiner import SECONDS
from nanwatch.autopsy.trials import SKIPPED
from nanwatch.detectors import Signal
from nanwatch.diagnosis import diagnose, remedies
from nanwatch.diagnosis.case import Case, Trial
from nanwatch.diagnosis.clues import CALM
from nanwatch.diagnosis.observed import observed
from nanwatch.diagnosis.preflight import foresee, may_stretch
from nanwatch.diagnosis.ranking import LIKELY
from nanwatch.events import Diagnosis, Evidence
from nanwatch.options import Options
from nanwatch.plain import error_text
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.randomness import undisturbed
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import optimizers_of
from nanwatch.recorder.source import DataSource
from nanwatch.review import Review
from nanwatch.rounds import Rounds
from nanwatch.terminal import FAULT_WORDS
from nanwatch.watcher import Watcher

Found = TypeVar("Found")
LOOKING = "looking for the cause (Ctrl-C skips it) ..."
GLANCE_S, SLOW_S = 1.0, 0.15
"""How long a glance at an interrupted run may take, and how long a step, that it can be taken."""
FAILURES_S = 8.0
"""How long a run's failures may be examined together, but for the first replays of each."""
PLAYED = 40
"""After so many steps no network can still be what it was."""
AFTERMATH = 3
"""So many steps after a spike what fails may still be its doing."""
PASSES = 20
"""What a look costs, in steps over the batches that are looked at."""


class Examination:
    """Examines failures of one fit, and its end.

    Args:
        say: tells what is tried.
    """

    def __init__(
        self,
        recorder: AnyRecorder,
        source: DataSource,
        options: Options,
        watcher: Watcher,
        say: Callable[[str], None],
    ) -> None:
        self._recorder = recorder
        self._source = source
        self._options = options
        self._watcher = watcher
        self._say = say
        self._rounds = Rounds()
        self._spent = 0.0  # seconds on failures
        self._trials: dict[str, Trial] = {}
        self._spike: Diagnosis | None = None  # the last one whose cause is known

    def of_beginning(self, step: Step) -> tuple[Diagnosis, ...]:
        """What is likely to go wrong, by the first batch's word. Never raises."""
        facts, data = self._watcher.facts, self._watcher.data
        if not may_stretch(facts, data) or (examiner := self._examiner(step)) is None:
            return foresee(facts, data)
        own = bool(facts.get("own_step"))
        seen = self._guarded(lambda: examiner.glance(step.batch, own), lambda: None, failed=None)
        return foresee(facts, data, seen)

    def of_failure(self, signal: Signal, step: Step) -> tuple[Diagnosis, tuple[Evidence, ...]]:
        """The diagnosis of a step that failed, and what was seen of it. Never raises."""
        known, began = self._watcher.case(signal), time.monotonic()
        case = self._guarded(
            lambda: self._failure(known, step), lambda: _skipped(known), failed=known
        )
        self._spent += time.monotonic() - began
        return after_spike(diagnose(case), self._spike), observed(case)

    def _failure(self, case: Case, step: Step) -> Case:
        """The case with the failing step taken apart, and its replays."""
        seconds = max(0.0, min(SECONDS, FAILURES_S - self._spent))
        if (examiner := self._examiner(step, seconds)) is None:
            return case
        place = f"{FAULT_WORDS.get(case.fault, case.seen)} at step {case.first_step}"
        self._say(f"nanwatch: {place}, {LOOKING}")
        return self._replayed(_taken_apart(case, examiner, step), examiner)

    def _replayed(self, case: Case, examiner: Examiner) -> Case:
        """A case with its replays, each made once where a loss first explodes and then is NaN."""
        calm = case.history.growth < CALM
        grew = not calm and case.autopsy is not None and case.autopsy.data_finite
        known = self._trials if grew else {}
        wanted = [name for name in remedies(case) if name not in known]
        self._trials = {**known, **examiner.fixes(wanted, calm)}
        return dataclasses.replace(case, trials=self._trials, untried=examiner.untried)

    def of_spike(self, case: Case, last: Step) -> Diagnosis | None:
        """The diagnosis of a batch whose loss stood out; None where no replay bears it out.

        Never raises.

        Args:
            last: the last step that was made; the spike may lie before it.
        """
        tried = self._guarded(
            lambda: self._without_spike(case, last), lambda: _skipped(case), failed=case
        )
        found = diagnose(tried)
        if found.likelihood < LIKELY:
            return None
        self._spike = found
        return found

    def _without_spike(self, case: Case, last: Step) -> Case:
        """The case with its replays."""
        if (examiner := self._examiner(last)) is None or case.first_step is None:
            return case
        self._say(f"nanwatch: the loss is {case.seen} at step {case.first_step}, {LOOKING}")
        trials = examiner.without_spike(remedies(case), case.first_step)
        return dataclasses.replace(case, trials=trials, untried=examiner.untried)

    def of_run(self, last: Step, foreseen: Sequence[Diagnosis]) -> Diagnosis | None:
        """What a run that stayed finite suffers from, None when nothing is likely. Never raises.

        Args:
            foreseen: what was feared at its beginning.
        """
        if self._plays and last.index < PLAYED:
            return None
        if self._plays:
            return self._reviewed(last, GLANCE_S, Review.of_players)
        return self._reviewed(last, SECONDS, lambda review: review.at_the_end(foreseen))

    def of_going_run(self, step: Step) -> Diagnosis | None:
        """The same of a run that goes on, every now and then."""
        made = self._made(step)
        if self._plays or not self._rounds.is_due(made, *self._watcher.progress):
            return None
        with self._rounds.looking(made):
            return self._reviewed(step, min(SECONDS, self._rounds.seconds), Review.meanwhile)

    def of_interrupted_run(self, last: Step) -> Diagnosis | None:
        """The same of a run that is interrupted, where a glance is enough and quickly taken."""
        if self._plays or self._rounds.mean_s(self._made(last)) > SLOW_S:
            return None
        return self._reviewed(last, GLANCE_S, Review.in_a_hurry)

    def _made(self, step: Step) -> int:
        """How many steps the fit had made before this one; a resumed run had others before."""
        return step.index - self._recorder.first

    def _reviewed(
        self, last: Step, seconds: float, judge: Callable[[Review], Diagnosis | None]
    ) -> Diagnosis | None:
        return self._guarded(lambda: self._judged(last, seconds, judge), lambda: None, failed=None)

    @property
    def _plays(self) -> bool:
        """Whether several optimizers play against each other."""
        return len(optimizers_of(self._recorder.model)) != 1

    def _judged(
        self, last: Step, seconds: float, judge: Callable[[Review], Diagnosis | None]
    ) -> Diagnosis | None:
        examiner = self._examiner(last, seconds)
        if examiner is None or not self._recorder.batches.since(0):  # none fitted, or all are old
            return None
        examiner.most_batches = int(seconds / PASSES / self._rounds.mean_s(self._made(last)))
        return judge(Review(self._watcher, examiner, self._say))

    def _guarded(
        self, look: Callable[[], Found], skipped: Callable[[], Found], failed: Found
    ) -> Found:
        """What a look finds; something else where the user skips it, or it fails itself."""
        try:
            with undisturbed():
                return look()
        except KeyboardInterrupt:
            self._say("nanwatch: the examination was skipped")
            return skipped()
        except Exception as error:  # noqa: BLE001 - a door: a failed examination must not fail the fit
            self._say(f"nanwatch: the examination failed ({error_text(error)})")
            return failed

    def _examiner(self, step: Step, seconds: float = SECONDS) -> Examiner | None:
        """Who examines a step; None where there is no batch, or no optimizer of Keras."""
        optimizer: Any = self._recorder.model.optimizer
        if step.batch is None or not isinstance(optimizer, keras.optimizers.Optimizer):
            return None
        return Examiner(self._recorder, self._source, self._options.guard, self._say, seconds)


def after_spike(found: Diagnosis, spike: Diagnosis | None) -> Diagnosis:
    """What a spike right before left behind, where nothing else is found: an optimizer remembers
    the gradients of that batch, and their squares may be infinite.
    """
    if found.causes or spike is None or spike.first_step is None or found.first_step is None:
        return found
    if not 0 < found.first_step - spike.first_step <= AFTERMATH:
        return found
    seen = Evidence(
        "steps before", f"the loss spiked at step {spike.first_step}", "no spike", False
    )
    causes = [dataclasses.replace(c, evidence=(seen, *c.evidence)) for c in spike.causes]
    return dataclasses.replace(found, causes=tuple(causes))


def _skipped(case: Case) -> Case:
    """A case whose user did not want to wait: what was not tried is told as such."""
    return dataclasses.replace(case, untried=dict.fromkeys(remedies(case), SKIPPED))


def _taken_apart(case: Case, examiner: Examiner, step: Step) -> Case:
    autopsy = examiner.autopsy(step)
    begun = examiner.beginning(step.batch) if autopsy.data_finite else None
    return dataclasses.replace(case, autopsy=autopsy, beginning=begun)
