"""The points of one series as two growing arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
Values = NDArray[np.float64]

_FIRST_CAPACITY = 16  # small: a run may have a hundred thousand series of a few points
_OVERHEAD = 400  # bytes, roughly: the objects around the numbers


@dataclass(frozen=True)
class Curve:
    """Points in order of their steps, each step once.

    Attributes:
        steps: int64, shape (n,), strictly increasing.
        values: float64, shape (n,); NaN and infinities are values.
    """

    steps: Steps
    values: Values

    def between(self, first: int | None, last: int | None) -> Curve:
        """The points from step `first` to step `last`, both inclusive; None leaves an end open."""
        begin = 0 if first is None else int(np.searchsorted(self.steps, first, side="left"))
        end = len(self.steps)
        if last is not None:
            end = int(np.searchsorted(self.steps, last, side="right"))
        return Curve(self.steps[begin:end], self.values[begin:end])


class Column:
    """The points of one series of one stream in order of arrival.

    The arrays double when they are full, so that appending costs what is appended. A view that
    was handed out stays as it was: what is written never changes.
    """

    __slots__ = ("_n", "_steps", "_values")

    def __init__(self) -> None:
        self._n = 0
        self._steps: Steps = np.empty(_FIRST_CAPACITY, np.int64)
        self._values: Values = np.empty(_FIRST_CAPACITY, np.float64)

    @property
    def nbytes(self) -> int:
        """The memory that the column takes."""
        return self._steps.nbytes + self._values.nbytes + _OVERHEAD

    def extend(self, steps: Steps, values: Values) -> None:
        """Append points."""
        end = self._n + len(steps)
        if end > len(self._steps):
            self._steps = _grown(self._steps, end)
            self._values = _grown(self._values, end)
        self._steps[self._n : end] = steps
        self._values[self._n : end] = values
        self._n = end

    def view(self) -> tuple[Steps, Values]:
        """The points as they arrived."""
        n = self._n  # once: another thread may be appending
        return self._steps[:n], self._values[:n]


def merged(parts: Sequence[tuple[Steps, Values]]) -> Curve:
    """One curve of what several streams said; at the same step the later word counts."""
    if len(parts) == 1:
        steps, values = parts[0]
    else:
        steps = np.concatenate([part[0] for part in parts])
        values = np.concatenate([part[1] for part in parts])
    if len(steps) < 2 or bool(np.all(steps[1:] > steps[:-1])):
        return Curve(steps, values)
    order = np.argsort(steps, kind="stable")
    steps, values = steps[order], values[order]
    is_last_word = np.append(steps[1:] != steps[:-1], True)
    return Curve(steps[is_last_word], values[is_last_word])


def _grown(array: NDArray[Any], needed: int) -> NDArray[Any]:
    larger = np.empty(max(needed, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger
