"""The whole course of one series in a bounded number of blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

MOST = 256
"""So many blocks are merged into half of them."""
FIRST = 16
"""So many first values are remembered one by one."""
SCALE = 2.0**-64
"""Sums are kept that small, so that values near 1e308 don't overflow; it costs no digit."""


@dataclass(slots=True)
class Block:
    """Neighbouring values in one.

    Attributes:
        n: how many values it stands for.
        total: their sum, times SCALE.
        low, high: the least and the greatest of them.
    """

    n: int
    total: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return self.total / self.n / SCALE

    def add(self, value: float) -> None:
        """Take one more value in."""
        self.n += 1
        self.total += value * SCALE
        self.low, self.high = min(self.low, value), max(self.high, value)

    def extend(self, values: NDArray[np.float64]) -> None:
        """Take several values in, with the same roundings as one by one."""
        self.n += len(values)
        scaled = np.concatenate(([self.total], values * SCALE))
        self.total = float(np.add.accumulate(scaled)[-1])
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))

    def merged(self, other: Block) -> Block:
        """This block and the next one in one."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Block(self.n + other.n, self.total + other.total, low, high)


class Curve:
    """Takes every finite value of a series and remembers its course.

    Blocks are of equal size; when there are too many, neighbours are merged and the size doubles.

    Attributes:
        n: how many finite values were taken.
        first: the first of them.
    """

    def __init__(self) -> None:
        self.n = 0
        self.first: list[float] = []
        self._full: list[Block] = []
        self._open: Block | None = None
        self._size = 1

    def add(self, value: float) -> None:
        """Take the next value; one that is not finite leaves no trace."""
        if not math.isfinite(value):
            return
        self.n += 1
        if len(self.first) < FIRST:
            self.first.append(value)
        if self._open is None:
            self._open = Block(1, value * SCALE, value, value)
        else:
            self._open.add(value)
        if self._open.n >= self._size:
            self._close(self._open)

    def extend(self, values: NDArray[np.float64]) -> None:
        """Take several finite values, in order."""
        first = max(0, FIRST - len(self.first))
        self.first += values[:first].tolist()
        self.n += len(values)
        while len(values):
            block = self._open or Block(0, 0.0, math.inf, -math.inf)
            room = self._size - block.n
            block.extend(values[:room])
            values, self._open = values[room:], block
            if block.n >= self._size:
                self._close(block)

    def _close(self, block: Block) -> None:
        self._full.append(block)
        self._open = None
        if len(self._full) >= MOST:
            pairs = zip(self._full[::2], self._full[1::2], strict=True)
            self._full = [left.merged(right) for left, right in pairs]
            self._size *= 2

    @property
    def blocks(self) -> list[Block]:
        """All blocks, oldest first; the last may be shorter than the others."""
        return [*self._full, self._open] if self._open is not None else list(self._full)

    def first_below(self, bound: float) -> int:
        """Where a value below `bound` was first taken, to the block exactly; `n` without one."""
        before = 0
        for block in self.blocks:
            if block.low < bound:
                return before
            before += block.n
        return self.n

    @property
    def start(self) -> float:
        """The level at which it began: the median of the first few values; NaN without one."""
        few = self.first[: max(1, min(FIRST // 2, self.n // 8))]
        return median(few) if few else math.nan

    @property
    def end(self) -> float:
        """The level at which it ended: the mean of the last eighth; NaN without a value."""
        return self.level(7 / 8, 1.0)

    def level(self, begin: float, end: float) -> float:
        """The mean over a part of the course, given as shares of it."""
        part = self._part(begin, end)
        return fmean(block.mean for block in part) if part else math.nan

    def spread(self, begin: float, end: float) -> float:
        """How far the block means of a part lie apart: their median distance from their median."""
        means = [block.mean for block in self._part(begin, end)]
        if not means:
            return math.nan
        middle = median(means)
        return median(abs(mean - middle) for mean in means)

    def _part(self, begin: float, end: float) -> list[Block]:
        blocks = self.blocks
        first = min(int(begin * len(blocks)), len(blocks) - 1)
        return blocks[max(0, first) : max(first + 1, round(end * len(blocks)))]
