"""A median over the last values, cheap enough for every batch."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

STEP_TO_SIGMA = 1 / (0.6745 * math.sqrt(2))
"""The median step between neighbours times this is the standard deviation of normal noise."""


class RunningMedian:
    """The median of the last `size` values: a few absurd ones among them do not move it.

    Adding costs a search and an insertion in a short sorted list, about a microsecond.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._order)

    def add(self, value: float) -> None:
        """Take a value in; the oldest leaves when `size` is reached."""
        self._order.append(value)
        insort(self._sorted, value)
        if len(self._order) > self.size:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]

    @property
    def median(self) -> float:
        """The middle value; raises IndexError when there is none yet."""
        return self._sorted[len(self._sorted) // 2]
