"""The whole course of one series in a bounded number of blocks."""

from __future__ import annotations

import math
from operator import add
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST = 256
"""So many blocks are merged into half of them."""
FIRST = 16
"""So many first values are remembered one by one."""
SCALE = 2.0**-64
"""Sums are kept that small, so that values near 1e308 don't overflow; it costs no digit."""


class Block(NamedTuple):
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

    def joined(self, other: Block) -> Block:
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
        self._totals: list[float] = []  # of blocks that are full, as `_lows` and `_highs`
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._open: Block | None = None
        self._size = 1

    def add(self, value: float) -> None:
        """Take the next value; one that is not finite leaves no trace."""
        if not math.isfinite(value):
            return
        self.n += 1
        if len(self.first) < FIRST:
            self.first.append(value)
        one = Block(1, value * SCALE, value, value)
        self._open = one if self._open is None else self._open.joined(one)
        self._close_open()

    def extend(self, values: NDArray[np.float64]) -> None:
        """Take several finite values, in order; the same is remembered as one by one."""
        self.first += values[: max(0, FIRST - len(self.first))].tolist()
        self.n += len(values)
        while len(values):
            values = values[self._fill(values) :]

    def _fill(self, values: NDArray[np.float64]) -> int:
        """Take as many of some values as make whole blocks, or all that are too few for one."""
        if self._open is None and len(values) >= self._size:
            count = min(len(values) // self._size, MOST - len(self._totals))
            taken = count * self._size
            self._close(*_blocks(values[:taken].reshape(count, self._size)))
            return taken
        room = self._size - (self._open.n if self._open else 0)
        before = [self._open.total] if self._open else []
        part = values[:room]
        total = float(np.add.accumulate(np.concatenate([before, part * SCALE]))[-1])
        new = Block(len(part), 0.0, float(part.min()), float(part.max()))
        self._open = (self._open.joined(new) if self._open else new)._replace(total=total)
        self._close_open()
        return len(part)

    def _close_open(self) -> None:
        if self._open is not None and self._open.n >= self._size:
            _, *block = self._open
            self._open = None
            self._close(*([of] for of in block))

    def _close(self, totals: list[float], lows: list[float], highs: list[float]) -> None:
        """Full blocks come, column by column; neighbours are merged when there are too many."""
        self._totals += totals
        self._lows += lows
        self._highs += highs
        if len(self._totals) >= MOST:
            self._totals = list(map(add, self._totals[::2], self._totals[1::2]))
            self._lows = list(map(min, self._lows[::2], self._lows[1::2]))
            self._highs = list(map(max, self._highs[::2], self._highs[1::2]))
            self._size *= 2

    @property
    def blocks(self) -> list[Block]:
        """All blocks, oldest first; the last may be shorter than the others."""
        columns = zip(self._totals, self._lows, self._highs, strict=True)
        full = [Block(self._size, *block) for block in columns]
        return full if self._open is None else [*full, self._open]

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


def _blocks(values: NDArray[np.float64]) -> tuple[list[float], list[float], list[float]]:
    """Each row in one: totals, lows and highs. Sums are made from left to right, as one by one."""
    totals = np.add.accumulate(values * SCALE, axis=1)[:, -1]
    return totals.tolist(), values.min(axis=1).tolist(), values.max(axis=1).tolist()
