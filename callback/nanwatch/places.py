"""Where in a fit a cause strikes: its epoch, and the batch of that epoch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from nanwatch.events import Cause, Diagnosis


class Places:
    """Knows at which step each epoch of a fit began."""

    def __init__(self) -> None:
        self._begins: list[tuple[int, int]] = [(0, 0)]

    def epoch_begins(self, step: int, epoch: int) -> None:
        """The next step is the first of an epoch."""
        self._begins.append((step, epoch))

    def placed(self, diagnosis: Diagnosis) -> Diagnosis:
        """The diagnosis with epoch and batch added to where each cause strikes."""
        step = diagnosis.first_step or 0
        start, epoch = next(item for item in reversed(self._begins) if item[0] <= step)
        place = {"epoch": epoch, "batch": step - start}
        causes = tuple(_at(place, cause) for cause in diagnosis.causes)
        return dataclasses.replace(diagnosis, causes=causes)


def _at(place: Mapping[str, int], cause: Cause) -> Cause:
    """A cause with a place, unless it names an epoch of its own: that has another batch."""
    if "epoch" in cause.where:
        return cause
    return dataclasses.replace(cause, where={**place, **cause.where})
