"""Neighbouring values of a series, looked at together because nearly all of them are quiet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

WINDOW = 64
"""So many last levels are what detectors remember of a series."""
MARGIN = 1e-9
"""Nothing is called quiet that lies so near to a bound: numpy's logarithm rounds differently."""


class Stretch:
    """Values in order, and what several detectors ask of them.

    Attributes:
        values: float64, shape (n,); anything may be among them.
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, some: slice) -> Stretch:
        """A part of it."""
        return Stretch(self.values[some])

    @cached_property
    def is_finite(self) -> NDArray[np.bool_]:
        """Which values are finite numbers."""
        return np.isfinite(self.values)

    @cached_property
    def finite(self) -> NDArray[np.float64]:
        """The finite ones."""
        return self.values if self.is_finite.all() else self.values[self.is_finite]

    @cached_property
    def levels(self) -> NDArray[np.float64]:
        """About the logarithm of each value; -inf where it has none that counts."""
        counts = self.is_finite & (self.values > 0)
        return np.log(self.values, where=counts, out=np.full(len(self), -math.inf))

    @cached_property
    def highest(self) -> float:
        """The greatest level."""
        return float(self.levels.max(initial=-math.inf))

    @cached_property
    def steps(self) -> NDArray[np.float64]:
        """About how far neighbouring levels lie apart; 0 where the first one's is not known."""
        levels = self.levels[self.levels > -math.inf]
        return np.abs(np.diff(levels, prepend=levels[:1]))

    @cached_property
    def positive(self) -> NDArray[np.float64]:
        """The values that have a level."""
        return self.finite if (self.finite > 0).all() else self.finite[self.finite > 0]

    @cached_property
    def last_levels(self) -> tuple[list[float], float | None]:
        """The last levels, exactly, as many as are remembered, and the one before if known."""
        exact = [math.log(value) for value in self.positive[-WINDOW - 1 :].tolist()]
        return (exact[1:], exact[0]) if len(exact) > WINDOW else (exact, None)

    def up_to(self, ceiling: float) -> int:
        """How many of the first values lie plainly below a level."""
        return count_first(self.levels <= ceiling - MARGIN)


def count_first(quiet: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return len(quiet) if quiet.all() else int(np.argmin(quiet))


def levels_of(values: Sequence[float]) -> list[float]:
    """The exact logarithms; -inf of what has none."""
    return [math.log(value) if value > 0 else -math.inf for value in values]
