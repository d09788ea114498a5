"""Leads the examination: back to the state before the step, the dissection, the replays."""

from __future__ import annotations

import time
from typing import Any

from nanwatch.autopsy.dissect import dissect
from nanwatch.autopsy.remedies import REMEDIES
from nanwatch.autopsy.replay import replay, stepper
from nanwatch.diagnosis.case import Autopsy, Trial
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource

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
        self._step = stepper(recorder.model)
        self._until = time.monotonic() + seconds
        self._tried = False

    def autopsy(self, step: Step) -> Autopsy:
        """Take the failing step apart."""
        found = Snapshot(self._model, step.index)
        if not found.finite and self._rewind(step.index) and self._guarded:
            found = Snapshot(self._model, step.index)
        try:
            return dissect(self._model, step.batch, self._source, step.update_finite)
        finally:
            found.restore()

    def trials(self, names: list[str]) -> dict[str, Trial]:
        """Replay the training's beginning with each named remedy, as long as the time lasts."""
        start = self._recorder.start
        batches = [batch for _, batch in self._recorder.batches.since(0)]
        if start is None or not batches:
            return {}
        found = Snapshot(self._model, 0)
        try:
            tried = {name: self._try(name, start, batches) for name in names}
        finally:
            found.restore()
        return {name: trial for name, trial in tried.items() if trial is not None}

    def _try(self, name: str, start: Snapshot, batches: list[Any]) -> Trial | None:
        """None when there is no time left; the likeliest suspect's remedy always gets its own."""
        seconds = SECONDS_EACH
        if self._tried:
            seconds = min(seconds, self._until - time.monotonic())
        if seconds <= 0:
            return None
        self._tried = True
        try:
            return replay(self._model, self._step, start, batches, REMEDIES[name], seconds)
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
                self._model.train_step(batch)
        return True
