"""Leads the examination: back to the state before the step, the dissection, the replays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import keras

from nanwatch.autopsy.dissect import dissect, glance
from nanwatch.autopsy.steps import make_step
from nanwatch.diagnosis.case import Autopsy, Trial
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource

if TYPE_CHECKING:
    from nanwatch.autopsy.replay import Stepper

NO_REPLAYS = "fixes are tried by replays on the TensorFlow backend only"
SECONDS = 7.0
SECONDS_EACH = 2.0


class Examiner:
    """Examines one failing step of a recorded training. The model is left as it was found.

    When the step has already spoilt the weights, they are brought back by repeating the last
    steps from a healthy snapshot; a guarded training is then left in that healthy state.

    Args:
        guarded: whether the training wants its weights kept finite.
        seconds: how long dissection and replays may take together.
    """

    def __init__(
        self, recorder: AnyRecorder, source: DataSource, guarded: bool, seconds: float = SECONDS
    ) -> None:
        self._recorder = recorder
        self._model = recorder.model
        self._source = source
        self._guarded = guarded
        self._until = time.monotonic() + seconds
        self._tried = False

    def autopsy(self, step: Step) -> Autopsy:
        """Take the failing step apart."""
        found = Snapshot(self._model, step.index)
        if not found.finite and self._rewind(step.index) and self._guarded:
            found = Snapshot(self._model, step.index)
        try:
            return self._look(step)
        finally:
            found.restore()

    def trials(self, names: list[str]) -> dict[str, Trial]:
        """Replay the training's beginning with each named remedy, as long as the time lasts."""
        if keras.backend.backend() != "tensorflow":
            self._note(NO_REPLAYS)
            return {}
        from nanwatch.autopsy.replay import stepper  # only here: it imports TensorFlow

        start = self._recorder.start
        batches = [batch for _, batch in self._recorder.batches.since(0)]
        if start is None or not batches:
            return {}
        found, step = Snapshot(self._model, 0), stepper(self._model)
        try:
            tried = {name: self._try(name, step, start, batches) for name in names}
        finally:
            found.restore()
        return {name: trial for name, trial in tried.items() if trial is not None}

    def _look(self, step: Step) -> Autopsy:
        """Take the step apart, or look at it from outside when that cannot be done."""
        seen = (self._model, step.batch, self._source, step.update_finite)
        try:
            return dissect(*seen)
        except Exception as error:  # noqa: BLE001 - a door: the user's own layers may refuse to run
            self._note(f"a step could not be taken apart ({type(error).__name__}: {error})")
            return glance(*seen)

    def _note(self, text: str) -> None:
        if text not in self._recorder.notes:
            self._recorder.notes.append(text)

    def _try(self, name: str, step: Stepper, start: Snapshot, batches: list[Any]) -> Trial | None:
        """None when there is no time left; the likeliest suspect's remedy always gets its own."""
        seconds = SECONDS_EACH
        if self._tried:
            seconds = min(seconds, self._until - time.monotonic())
        if seconds <= 0:
            return None
        self._tried = True
        from nanwatch.autopsy.remedies import REMEDIES
        from nanwatch.autopsy.replay import replay

        try:
            return replay(self._model, step, start, batches, REMEDIES[name], seconds)
        except Exception:  # noqa: BLE001 - a door: the user's code may refuse the changed batches
            return None

    def _rewind(self, index: int) -> bool:
        """Bring back the state before step `index`; False when it cannot be had."""
        healthy = self._recorder.healthy
        if healthy is None:
            return False
        healthy.restore()
        missed = self._recorder.batches.since(healthy.step)
        if missed and missed[0][0] == healthy.step:
            for _, batch in (item for item in missed if item[0] < index):
                make_step(self._model, batch)
        return True
