"""Shows what is logged by hand to the watcher: in groups, and at once when a value is not finite.

As with the steps of a fit (`step_watch.py`), a look in the caches of a training step costs ten
times what it costs in a row.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nanwatch.events import Diagnosis, Points
from nanwatch.step_watch import GROUP, PATIENCE_S
from nanwatch.watcher import Watcher

Logged = tuple[int, Mapping[str, float]]  # a step, and the value of each series


class LogWatch:
    """Takes what was logged, hands it to the watcher, returns what that found."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._waiting: list[Logged] = []
        self._looked = time.monotonic()

    def look(self, step: int, numbers: Mapping[str, float]) -> list[Diagnosis]:
        """Take one value of each series; what they and those that waited prove."""
        self._waiting.append((step, numbers))
        full = len(self._waiting) >= GROUP or time.monotonic() - self._looked > PATIENCE_S
        return self.catch_up() if full or not is_finite(numbers) else []

    def catch_up(self) -> list[Diagnosis]:
        """Look at all that waits."""
        self._looked = time.monotonic()
        return list(self._found())

    def _found(self) -> Iterator[Diagnosis]:
        waiting, self._waiting = self._waiting, []
        for _, together in itertools.groupby(waiting, key=_kind):
            yield from self._watcher.feed(block(list(together)))


def _kind(logged: Logged) -> object:
    """What may be looked at in one block: rows of the same series.

    Those of epochs stay apart: what they say counts from the moment at which they were said.
    """
    names = tuple(logged[1])
    of_epochs = any(name.startswith("epoch/") for name in names)
    return names, id(logged) if of_epochs else None


def block(rows: Sequence[Logged]) -> Points:
    """Rows of the same series as a block; at least one."""
    values = {name: np.array([numbers[name] for _, numbers in rows]) for name in rows[0][1]}
    return Points(np.array([step for step, _ in rows]), values)


def is_finite(numbers: Mapping[str, float]) -> bool:
    """Whether all values are."""
    return all(map(math.isfinite, numbers.values()))
