"""From a symptom, or a run's end, to a diagnosis: the examiner's evidence put before the causes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras

from nanwatch.autopsy import Examiner
from nanwatch.detectors import Signal
from nanwatch.diagnosis import diagnose, remedies
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.clues import CALM
from nanwatch.diagnosis.observed import observed
from nanwatch.events import Diagnosis, Evidence
from nanwatch.options import Options
from nanwatch.plain import error_text
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import optimizers_of
from nanwatch.recorder.source import DataSource
from nanwatch.review import Review
from nanwatch.watcher import Watcher

WORDS = {
    "gradients": "the loss is finite, its gradient is not",
    "weights": "the update made weights that are not finite",
}
"""What may not be finite in a step with a finite loss."""


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

    def of_failure(self, signal: Signal, step: Step) -> tuple[Diagnosis, tuple[Evidence, ...]]:
        """The diagnosis of a step that failed, and what was seen of it. Never raises."""
        case = self._watcher.case(signal)
        try:
            if (examiner := self._examiner(step)) is not None:
                place = f"{fault_words(step) or signal.seen} at step {signal.first_step}"
                self._say(f"nanwatch: {place}, looking for the cause (Ctrl-C skips it) ...")
                case = _taken_apart(case, examiner, step)
                fixes = examiner.fixes(remedies(case), calm=case.history.growth < CALM)
                case = dataclasses.replace(case, trials=fixes, untried=examiner.untried)
        except KeyboardInterrupt:
            self._say("nanwatch: the examination was skipped")
        except Exception as error:  # noqa: BLE001 - a door: a failed autopsy must not fail the fit
            self._say(f"nanwatch: the examination failed ({error_text(error)})")
        return diagnose(case), observed(case)

    def of_run(self, last: Step, foreseen: Sequence[Diagnosis]) -> Diagnosis | None:
        """What a run that stayed finite suffers from, None when nothing is likely. Never raises.

        Args:
            foreseen: what was feared at its beginning.
        """
        if len(optimizers_of(self._recorder.model)) != 1:  # two that play against each other
            return None
        try:
            if (examiner := self._examiner(last)) is not None:
                return Review(self._watcher, examiner, self._say).judge(foreseen)
        except KeyboardInterrupt:
            self._say("nanwatch: the examination was skipped")
        except Exception as error:  # noqa: BLE001 - a door: a failed review must not fail the fit
            self._say(f"nanwatch: the examination failed ({error_text(error)})")
        return None

    def _examiner(self, step: Step) -> Examiner | None:
        """Who examines a step; None where there is no batch, or no optimizer of Keras."""
        optimizer: Any = self._recorder.model.optimizer
        if step.batch is None or not isinstance(optimizer, keras.optimizers.Optimizer):
            return None
        return Examiner(self._recorder, self._source, self._options.guard, self._say)


def _taken_apart(case: Case, examiner: Examiner, step: Step) -> Case:
    autopsy = examiner.autopsy(step)
    begun = examiner.beginning(step.batch) if autopsy.data_finite else None
    return dataclasses.replace(case, autopsy=autopsy, beginning=begun)


def fault_words(step: Step) -> str:
    """What was not finite in a step with a finite loss, in words; "" where the loss was not."""
    faults = () if "loss" in step.faults else step.faults
    return next((words for fault, words in WORDS.items() if fault in faults), "")
