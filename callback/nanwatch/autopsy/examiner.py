"""Leads the examination: back to the state before the step, the dissection, the replays."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from nanwatch.autopsy.dissect import dissect
from nanwatch.autopsy.glance import glance
from nanwatch.autopsy.guess import (
    AS_LABELS,
    GUESSES,
    guess_loss,
    output_guesses,
    perfect_loss,
    plain_loss,
    unseen_label,
)
from nanwatch.autopsy.merging import latest
from nanwatch.autopsy.origin import at_this_rate, other_rates, same_rates
from nanwatch.autopsy.remedies.network import ending_in
from nanwatch.autopsy.steps import make_step
from nanwatch.autopsy.trials import Trials
from nanwatch.crowding import crowding
from nanwatch.diagnosis.case import Autopsy, Trial
from nanwatch.diagnosis.silent import BASELINE
from nanwatch.recorder.install import AnyRecorder
from nanwatch.recorder.rewind import rewind
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource
from nanwatch.recorder.strategy import whole

SECONDS = 7.0
"""How long an examination may take; on a crowded machine all times are longer."""
SECONDS_EACH, SECONDS_EACH_SILENT = 1.5, 0.8
"""How long a replay of a failure may take; of a run that stayed finite more are made."""
SECONDS_REDRAWN = 1.5
"""How long a failure is waited for that comes again by chance only."""
STEADY = "steady_rate"
"""The remedy that is tried at the rate of the fit's beginning."""

Answer = TypeVar("Answer")


class Examiner:
    """Examines a recorded training. The model is left as it was found.

    When the step has already spoilt the weights, they are brought back by repeating the last
    steps from a healthy snapshot; a guarded training is then left in that healthy state.

    Args:
        guarded: whether the training wants its weights kept finite.
        say: tells what is tried.
        seconds: how long dissection and replays may take together, on a machine that has nothing
            else to do.

    Attributes:
        most_batches: so many of the last batches are looked at together at most, but one at least.
    """

    most_batches = 1024

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
        self._crowding = crowding()
        self._trials = Trials(self._model, say, time.monotonic() + seconds * self._crowding)
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
            autopsy = self._look_until_it_fails(step)
        finally:
            found.restore()
        self._repeated = autopsy.repeated
        self._before = before if before.finite and autopsy.repeated else None
        return autopsy

    def _look_until_it_fails(self, step: Step) -> Autopsy:
        """Take the step apart, several times where it draws numbers that no seed brings back."""
        until = time.monotonic() + SECONDS_REDRAWN * self._crowding
        autopsy = self._look(step.batch, step.update_finite)
        while not autopsy.repeated and time.monotonic() < until:
            autopsy = self._look(step.batch, step.update_finite)
        return autopsy

    def glance(self, batch: Any, own_step: bool) -> Autopsy | None:
        """A look at a few rows of a batch; None where that cannot be done quickly."""
        return glance(self._model, whole(self._model, batch), self._source, own_step)

    def guess(self) -> float:
        """The loss of the best constant guess for the kept batches, NaN when it cannot be told."""
        return self._judged(guess_loss)

    def output_guesses(self) -> dict[str, float]:
        """The same of each of several outputs by itself, by its name; empty when not known."""
        return self._asked(output_guesses, {})

    def plain(self) -> float:
        """The loss of what the model gives for the kept batches, NaN when it cannot be told."""
        return self._judged(plain_loss)

    def truth(self, as_labels: bool) -> tuple[float, float]:
        """The least loss of predictions that follow the labels, and of those alike for all rows.

        Each is NaN when it cannot be told.

        Args:
            as_labels: whether the model can give nothing but what labels are, such as chances.
        """
        guesses = AS_LABELS if as_labels else GUESSES
        judges = (perfect_loss, guess_loss)
        perfect, guess = (self._judged(partial(judge, guesses=guesses)) for judge in judges)
        return perfect, guess

    def unseen(self) -> float:
        """The lowest label that the loss takes for another one; NaN when it sees all."""
        return self._judged(unseen_label)

    def _judged(self, judge: Callable[[Any, Any], float]) -> float:
        return self._asked(judge, math.nan)

    def _asked(self, judge: Callable[[Any, Any], Answer], unknown: Answer) -> Answer:
        found = Snapshot(self._model, 0)
        try:
            return judge(self._model, self._latest)
        except Exception as error:  # noqa: BLE001 - a door: the user's own loss may refuse
            self._note(f"the loss could not be judged ({type(error).__name__}: {error})")
            return unknown
        finally:
            found.restore()

    def portraits(self) -> tuple[Autopsy, Autopsy | None]:
        """The last batches taken apart, with the weights of now, and of the fit's beginning."""
        batch = self._latest
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

    def trials(
        self, names: list[str], seconds_each: float = SECONDS_EACH, head: str = ""
    ) -> dict[str, Trial]:
        """Replay the training's beginning with each named remedy, as long as the time lasts.

        Where a callback has made the rate another one since, that of now is what is to be tried.

        Args:
            head: the layer of the output in question, "" for the model's last.
        """
        start = self._recorder.start
        if start is not None and other_rates(self._model, start):
            start = at_this_rate(self._model, start)
        with ending_in(head):
            return self._from(start, names, self._batches, seconds_each)

    def fixes(self, names: list[str], calm: bool) -> dict[str, Trial]:
        """Replay with each named remedy from where the failure comes again without one.

        That is the fit's beginning where all is kept since. Else it is the weights of the
        beginning under the learning rate of now, where a replay without a change fails; if it
        does not, it is the state right before the failing step, which is then made first.

        Args:
            calm: whether the failure struck out of a calm; else that state is a lost one.
        """
        start, batches, tried = self._recorder.start, self._batches, dict[str, Trial]()
        if names and start is not None and not self._comes_again(start):
            start = at_this_rate(self._model, start)
            tried = self._replayed([BASELINE], start, batches, SECONDS_EACH)
            unchanged = tried.get(BASELINE)
            if unchanged is not None and unchanged.finite and calm and self._before is not None:
                start, batches, tried = self._before, [*batches[-1:], *batches[:-1]], {}
        return tried | self._from(start, names, batches, SECONDS_EACH)

    def without_spike(self, names: list[str], index: int) -> dict[str, Trial]:
        """Replay up to the spike at step `index`, unchanged and with each named remedy."""
        self._failed = index
        return self.trials([BASELINE, *names], SECONDS_EACH_SILENT)

    @property
    def untried(self) -> dict[str, str]:
        """Why a replay was not made, by the name of the change."""
        return self._trials.untried

    def _comes_again(self, start: Snapshot) -> bool:
        """Whether the kept batches lead from `start` to the failure, step by step."""
        whole_way = [at for at, _ in self._kept][:1] == [start.step]
        return whole_way and self._repeated and same_rates(self._model, start)

    def _from(
        self, start: Snapshot | None, names: list[str], batches: list[Any], seconds_each: float
    ) -> dict[str, Trial]:
        """Replays from `start`, but for the rate of the beginning, which is to be found there."""
        tried = dict[str, Trial]()
        for name in names:
            origin = self._recorder.start if name == STEADY else start
            tried |= self._replayed([name], origin, batches, seconds_each)
        return tried

    def _replayed(
        self, names: list[str], start: Snapshot | None, batches: list[Any], seconds_each: float
    ) -> dict[str, Trial]:
        return self._trials.make(names, start, batches, seconds_each * self._crowding)

    @property
    def _kept(self) -> list[tuple[int, Any]]:
        """The kept batches by their steps, up to the failing one."""
        kept = self._recorder.batches.since(0)
        return [(at, batch) for at, batch in kept if self._failed is None or at <= self._failed]

    @property
    def _latest(self) -> Any:
        """The last batches as one, as many as there is time for."""
        return latest(self._batches[-max(1, self.most_batches) :])

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
