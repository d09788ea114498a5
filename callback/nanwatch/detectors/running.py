"""Medians over the last values, cheap enough for every batch."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nanwatch.detectors.stretch import Stretch

STEP_TO_SIGMA = 1 / (0.6745 * math.sqrt(2))
"""The median step between neighbours times this is the standard deviation of normal noise."""
FEW = 12
"""From so many values on, sorting all anew is cheaper than putting in one by one."""


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

    def extend(self, values: Sequence[float]) -> None:
        """Take several values in, in order."""
        if len(values) < FEW:
            for value in values:
                self.add(value)
            return
        self._order = deque([*self._order, *values][-self.size :])
        self._sorted = sorted(self._order)

    def floor(self, coming: NDArray[np.float64]) -> float:
        """What the median cannot fall below while these values are added; it must be full.

        The middle of any part of some numbers lies no lower than the number of the same rank
        among all of them.
        """
        middle = self.size // 2
        return float(np.partition(np.concatenate([self._sorted, coming]), middle)[middle])

    @property
    def median(self) -> float:
        """The middle value; raises IndexError when there is none yet."""
        return self._sorted[len(self._sorted) // 2]


class UsualLevel:
    """Where the logarithm of a loss usually lies, and how far neighbours usually lie apart."""

    def __init__(self, window: int) -> None:
        self._levels = RunningMedian(window)
        self._steps = RunningMedian(window)
        self._last: float | None = None

    def __len__(self) -> int:
        return len(self._levels)

    @property
    def is_full(self) -> bool:
        """Whether older levels leave when new ones come."""
        return len(self._levels) == self._levels.size

    @property
    def median(self) -> float:
        """The usual level; raises IndexError when there is none yet."""
        return self._levels.median

    @property
    def noise(self) -> float:
        """The standard deviation, as the steps between neighbours tell it."""
        return STEP_TO_SIGMA * self._steps.median

    def ceiling(self, coming: Stretch, least: float, sigmas: float) -> float:
        """A level that lies below all that can stand out while these are learned; must be full.

        Args:
            least, sigmas: what stands out lies so far above the usual level, and so many spreads.
        """
        floor = self._levels.floor(coming.levels)
        if coming.highest <= floor + least:
            return floor + least
        return floor + max(least, sigmas * STEP_TO_SIGMA * self._steps.floor(coming.steps))

    def learn(self, level: float) -> None:
        """Take one level in."""
        self._levels.add(level)
        self._steps.add(abs(level - (level if self._last is None else self._last)))
        self._last = level

    def learn_all(self, levels: Sequence[float], before: float | None) -> None:
        """Take the last ones of many levels in, as many as are remembered.

        Args:
            before: the level before them; None when it is the last that was learned.
        """
        if not levels:
            return
        first = self._last if before is None else before
        earlier = [levels[0] if first is None else first, *levels[:-1]]
        self._levels.extend(levels)
        self._steps.extend([abs(b - a) for a, b in zip(earlier, levels, strict=True)])
        self._last = levels[-1]
