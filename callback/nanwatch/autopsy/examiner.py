"""Leads the examination: back to the state before the step, the dissection, the replays."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import keras

from nanwatch.autopsy.dissect import dissect
from nanwatch.autopsy.guess import guess_loss, perfect_loss, plain_loss
from nanwatch.autopsy.merging import latest
from nanwatch.autopsy.steps import make_step
from nanwatch.diagnosis.case import Autopsy, Trial
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.rewind import rewind
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource
from nanwatch.recorder.strategy import whole

if TYPE_CHECKING:
    from nanwatch.autopsy.replay import Stepper

NO_REPLAYS = "fixes are tried by replays on the TensorFlow backend only"
SECONDS = 7.0
SECONDS_EACH = 2.0
SECONDS_EACH_SILENT = 0.8
CERTAIN = 2
"""So many replays are made however slow the machine is: the likeliest suspect's, or, where the run
stayed finite, that without a change and his."""


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
        self._say = say
        self._until = time.monotonic() + seconds
        self._made = 0

    def autopsy(self, step: Step) -> Autopsy:
        """Take the failing step apart."""
        found = Snapshot(self._model, step.index)
        if not found.finite and self._rewind(step.index) and self._guarded:
            found = Snapshot(self._model, step.index)
        try:
            return self._look(step.batch, step.update_finite)
        finally:
            found.restore()

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
        """Replay the training's beginning with each named remedy, as long as the time lasts.

        Ctrl-C ends the replays, not the training.
        """
        if keras.backend.backend() != "tensorflow":
            self._note(NO_REPLAYS)
            return {}
        from nanwatch.autopsy.replay import stepper  # only here: it imports TensorFlow

        start, tried = self._recorder.start, {}
        if start is None or not self._batches:
            return {}
        found, step = Snapshot(self._model, 0), stepper(self._model)
        try:
            for name in names:
                tried[name] = self._try(name, step, start, seconds_each)
        except KeyboardInterrupt:
            self._say("nanwatch: the examination is cut short")
        finally:
            found.restore()
        return {name: trial for name, trial in tried.items() if trial is not None}

    @property
    def _batches(self) -> list[Any]:
        return [whole(self._model, batch) for _, batch in self._recorder.batches.since(0)]

    def _look(self, batch: Any, update_finite: bool = True) -> Autopsy:
        """Take a step apart, and note where that could not be done to its end."""
        autopsy = dissect(self._model, batch, self._source, update_finite)
        if autopsy.raised:
            self._note(f"a step could not be taken apart ({autopsy.raised})")
        return autopsy

    def _note(self, text: str) -> None:
        if text not in self._recorder.notes:
            self._recorder.notes.append(text)

    def _try(self, name: str, step: Stepper, start: Snapshot, seconds: float) -> Trial | None:
        """None when there is no time left; the first ones always get their own."""
        if self._made >= CERTAIN:
            seconds = min(seconds, self._until - time.monotonic())
        if seconds <= 0:
            return None
        self._made += 1
        from nanwatch.autopsy.remedies import REMEDIES
        from nanwatch.autopsy.replay import replay

        self._say(f"nanwatch: trying {REMEDIES[name].words} ...")
        try:
            return replay(self._model, step, start, self._batches, REMEDIES[name], seconds)
        except Exception:  # noqa: BLE001 - a door: the user's code may refuse the changed batches
            return None

    def _rewind(self, index: int) -> bool:
        """Bring back the state before step `index`, or an earlier one; False when it cannot be."""
        try:
            return rewind(self._recorder, index, partial(_repeat, self._model)) is not None
        except Exception as error:  # noqa: BLE001 - a door: the step may refuse to run outside of fit
            self._note(f"the last steps could not be repeated ({type(error).__name__}: {error})")
            return False


def _repeat(model: Any, batch: Any) -> None:
    make_step(model, whole(model, batch))
