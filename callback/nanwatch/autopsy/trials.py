"""Replays with one change each, within the time of an examination, and why others were not made."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import keras

from nanwatch.autopsy.made import Stepper
from nanwatch.autopsy.remedies import REMEDIES
from nanwatch.autopsy.replay import NotTriedError, replay, stepper
from nanwatch.diagnosis.case import Trial
from nanwatch.plain import error_text
from nanwatch.recorder.snapshot import Snapshot

NO_STATE = "no state or no batch of the training is kept from which to repeat it"
NO_TIME, SKIPPED = "the time of the examination was over", "skipped by Ctrl-C"
MAX_SAID = 100
CERTAIN = 2
"""So many replays are made however slow the machine is: the likeliest suspect's, or, where the run
stayed finite, that without a change and his."""


class Trials:
    """Makes the replays of one examination; the model is left as it was found.

    Args:
        say: tells what is tried.
        until: when the time is over, by the monotonic clock.

    Attributes:
        untried: why a replay was not made, by the name of the change.
    """

    def __init__(self, model: Any, say: Callable[[str], None], until: float) -> None:
        self.untried: dict[str, str] = {}
        self._model = model
        self._say = say
        self._until = until
        self._made = 0
        self._skipped = False

    def make(
        self,
        names: Sequence[str],
        start: Snapshot | None,
        batches: list[Any],
        seconds_each: float,
    ) -> dict[str, Trial]:
        """Replay from `start` over `batches` with each named remedy, as long as the time lasts.

        Ctrl-C ends the replays, not the training.
        """
        if self._skipped:
            self._leave(names, SKIPPED)
        elif start is None or not batches:
            self._leave(names, NO_STATE)
        else:
            return self._replayed(names, start, batches, seconds_each)
        return {}

    @cached_property
    def _step(self) -> Stepper:
        """The train step, traced once for all replays that change no settings."""
        return stepper(self._model)

    def _replayed(
        self, names: Sequence[str], start: Snapshot, batches: list[Any], seconds_each: float
    ) -> dict[str, Trial]:
        found, tried = Snapshot(self._model, 0), dict[str, Trial]()
        try:
            for name in names:
                tried |= self._try(name, start, batches, seconds_each)
        except KeyboardInterrupt:
            self._say("nanwatch: the examination is cut short")
            self._leave([name for name in names if name not in tried], SKIPPED)
            self._skipped = True
        finally:
            found.restore()
        return tried

    def _try(
        self, name: str, start: Snapshot, batches: list[Any], seconds: float
    ) -> dict[str, Trial]:
        """The trial by its name; the first ones get their time in any case."""
        if self._made >= CERTAIN:
            seconds = min(seconds, self._until - time.monotonic())
        if seconds <= 0:
            self._leave([name], NO_TIME)
            return {}
        remedy = REMEDIES.get(name)
        if remedy is None:
            self._leave([name], f"this change is not made on {keras.backend.backend()}")
            return {}
        self._made += 1
        self._say(f"nanwatch: trying {remedy.words} ...")
        try:
            return {name: replay(self._model, self._step, start, batches, remedy, seconds)}
        except NotTriedError as reason:
            self._leave([name], str(reason))
        except Exception as error:  # noqa: BLE001 - a door: the user's code may refuse the change
            said = textwrap.shorten(error_text(error), MAX_SAID, placeholder=" ...")
            self._leave([name], f"the changed step raised {said}")
        return {}

    def _leave(self, names: Sequence[str], why: str) -> None:
        self.untried |= {name: self.untried.get(name, why) for name in names}
