"""Leads the examination: back to the state before the step, the dissection, the replays."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from nanwatch.autopsy.dissect import dissect
from nanwatch.autopsy.guess import guess_loss, perfect_loss, plain_loss
from nanwatch.autopsy.merging import latest
from nanwatch.autopsy.steps import make_step
from nanwatch.autopsy.trials import OTHER_BACKEND, Trials
from nanwatch.diagnosis.case import Autopsy, Trial
from nanwatch.diagnosis.silent import BASELINE
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.rewind import rewind
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource
from nanwatch.recorder.strategy import whole

SECONDS = 7.0
SECONDS_EACH = 1.5
SECONDS_EACH_SILENT = 0.8


class Examiner:
    """Examines a recorded training. The model is left as it was found.

    When the step has already spoilt the weights, they are brought back by repeating the last
    steps from a healthy snapshot; a guarded training is then left in that healthy state.

    Args:
        guarded: whether the training wants its weights kept finite.
        say: tells what is tried.
        seconds: how long dissection and replays may take together.
    """

    def __init__(
        self,
        recorder: AnyRecorder,
        source: DataSource,
        guarded: bool,
        say: Callable[[str], None],
        seconds: float = SECONDS,
    ) -> None:
        self._recorder = recorder
        self._model = recorder.model
        self._source = source
        self._guarded = guarded
        self._trials = Trials(self._model, say, time.monotonic() + seconds)
        self._failed: int | None = None
        self._before: Snapshot | None = None
        self._repeated = False

    def autopsy(self, step: Step) -> Autopsy:
        """Take the failing step apart."""
        self._failed = step.index
        found = before = Snapshot(self._model, step.index)
        if not found.finite and self._rewind(step.index):
            before = Snapshot(self._model, step.index)
            found = before if self._guarded else found
        try:
            autopsy = self._look(step.batch, step.update_finite)
        finally:
            found.restore()
        self._repeated = autopsy.repeated
        self._before = before if before.finite and autopsy.repeated else None
        return autopsy

    def guess(self) -> float:
        """The loss of the best constant guess for the kept batches, NaN when it cannot be told."""
        return self._judged(guess_loss)

    def plain(self) -> float:
        """The loss of what the model gives for the kept batches, NaN when it cannot be told."""
        return self._judged(plain_loss)

    def perfect(self) -> float:
        """The loss of predictions that equal the labels, NaN when it cannot be told."""
        return self._judged(perfect_loss)

    def _judged(self, judge: Callable[[Any, Any], float]) -> float:
        found = Snapshot(self._model, 0)
        try:
            return judge(self._model, latest(self._batches))
        except Exception as error:  # noqa: BLE001 - a door: the user's own loss may refuse
            self._note(f"the loss could not be judged ({type(error).__name__}: {error})")
            return math.nan
        finally:
            found.restore()

    def portraits(self) -> tuple[Autopsy, Autopsy | None]:
        """The last batches taken apart, with the weights of now, and of the fit's beginning."""
        batch = latest(self._batches)
        return self._look(batch), self.beginning(batch)

    def beginning(self, batch: Any) -> Autopsy | None:
        """A batch taken apart with the weights that the fit began with; None without these."""
        if self._recorder.start is None:
            return None
        found = Snapshot(self._model, 0)
        try:
            self._recorder.start.restore()
            return self._look(batch)
        finally:
            found.restore()

    def trials(self, names: list[str], seconds_each: float = SECONDS_EACH) -> dict[str, Trial]:
        """Replay the training's beginning with each named remedy, as long as the time lasts."""
        return self._replayed(names, self._recorder.start, self._batches, seconds_each)

    def fixes(self, names: list[str], calm: bool) -> dict[str, Trial]:
        """Replay with each named remedy from where the failure comes again without one.

        Not all batches since the beginning may be kept; then a replay without a change shows
        whether the failure comes again from there. If not, the state right before the failing
        step is the place to begin, and that step the first.

        Args:
            calm: whether the failure struck out of a calm; else that state is a lost one.
        """
        tried = {} if self._comes_again or not names else self.trials([BASELINE])
        unchanged = tried.get(BASELINE)
        if unchanged is None or not unchanged.finite or not (calm and self._before):
            return tried | self.trials(names)
        *others, failing = self._batches
        return self._replayed(names, self._before, [failing, *others], SECONDS_EACH)

    @property
    def untried(self) -> dict[str, str]:
        """Why a replay was not made, by the name of the change."""
        return self._trials.untried

    @property
    def _comes_again(self) -> bool:
        """Whether the kept batches lead from the fit's beginning to the failure, step by step."""
        start, steps = self._recorder.start, [at for at, _ in self._kept]
        return start is not None and self._repeated and steps[:1] == [start.step]

    def _replayed(
        self, names: list[str], start: Snapshot | None, batches: list[Any], seconds_each: float
    ) -> dict[str, Trial]:
        tried = self._trials.make(names, start, batches, seconds_each)
        if OTHER_BACKEND in self._trials.untried.values():
            self._note(OTHER_BACKEND)
        return tried

    @property
    def _kept(self) -> list[tuple[int, Any]]:
        """The kept batches by their steps, up to the failing one."""
        kept = self._recorder.batches.since(0)
        return [(at, batch) for at, batch in kept if self._failed is None or at <= self._failed]

    @property
    def _batches(self) -> list[Any]:
        return [whole(self._model, batch) for _, batch in self._kept]

    def _look(self, batch: Any, update_finite: bool = True) -> Autopsy:
        """Take a step apart, and note where that could not be done to its end."""
        autopsy = dissect(self._model, batch, self._source, update_finite)
        if autopsy.raised:
            self._note(f"a step could not be taken apart ({autopsy.raised})")
        return autopsy

    def _note(self, text: str) -> None:
        if text not in self._recorder.notes:
            self._recorder.notes.append(text)

    def _rewind(self, index: int) -> bool:
        """Bring back the state before step `index`, or an earlier one; False when it cannot be."""
        try:
            return rewind(self._recorder, index, partial(_repeat, self._model)) is not None
        except Exception as error:  # noqa: BLE001 - a door: the step may refuse to run outside of fit
            self._note(f"the last steps could not be repeated ({type(error).__name__}: {error})")
            return False


def _repeat(model: Any, batch: Any) -> None:
    make_step(model, whole(model, batch))
