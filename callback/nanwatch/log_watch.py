"""Shows what is logged by hand to the watcher: in groups, and at once when a value is not finite.

As with the steps of a fit (`step_watch.py`), a look in the caches of a training step costs ten
times what it costs in a row.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping

import numpy as np

from nanwatch.events import Diagnosis, Points
from nanwatch.step_watch import GROUP, PATIENCE_S
from nanwatch.watcher import Watcher


class LogWatch:
    """Takes what was logged, hands it to the watcher, returns what that found."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._waiting: list[tuple[int, Mapping[str, float]]] = []
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
        for step, numbers in waiting:
            yield from self._watcher.feed(block(step, numbers))


def block(step: int, numbers: Mapping[str, float]) -> Points:
    """One value of each series as a block."""
    return Points(np.array([step]), {name: np.array([value]) for name, value in numbers.items()})


def is_finite(numbers: Mapping[str, float]) -> bool:
    """Whether all values are."""
    return all(map(math.isfinite, numbers.values()))
