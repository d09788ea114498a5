"""The points of one series as two arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
Values = NDArray[np.float64]


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
        return self[begin:end]

    def nonfinite(self) -> Curve:
        """The points that are no finite numbers."""
        odd = ~np.isfinite(self.values)
        return Curve(self.steps[odd], self.values[odd])

    def followed_by(self, later: Curve) -> Curve:
        """These points and others behind them."""
        steps = np.concatenate([self.steps, later.steps])
        return Curve(steps, np.concatenate([self.values, later.values]))

    @classmethod
    def empty(cls) -> Curve:
        """No points."""
        return cls(np.empty(0, np.int64), np.empty(0))

    def __getitem__(self, some: slice) -> Curve:
        """Some of the points, by their place."""
        return Curve(self.steps[some], self.values[some])


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
