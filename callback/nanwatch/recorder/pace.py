"""How often a training is looked at closely: as often as a hundredth of its time allows."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator

SHARE = 0.01
PERIOD_S = 0.05


class Pace:
    """Picks the steps whose layers, data and update are told.

    What the looks take is measured, and the next one waits until it is no more than a hundredth
    of the time. No more than twenty looks are made a second.

    Args:
        every: a step is logged when its number is a multiple of this; None: no step is.
        clock: seconds that only grow.
    """

    def __init__(self, every: int | None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._every = every
        self._clock = clock
        self._looked = -math.inf
        self._cost = 0.0

    def is_due(self, step: int) -> bool:
        """Whether this step is one of them; then the time to the next begins."""
        if self._every is None or step % self._every:
            return False
        now = self._clock()
        if now - self._looked < max(PERIOD_S, self._cost / SHARE):
            return False
        self._looked, self._cost = now, 0.0
        return True

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """A part of a look: its time counts."""
        began = self._clock()
        try:
            yield
        finally:
            self._cost += self._clock() - began
