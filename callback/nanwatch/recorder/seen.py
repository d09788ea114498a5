"""What a recorder saw of one step, and the mark that it leaves on a train function."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTHING: NDArray[np.float64] = np.zeros(0)

MARK = "_nanwatch_original"
"""A watched train function carries the model's own under this name."""


@dataclass(frozen=True, slots=True)
class Step:
    """One training step.

    Attributes:
        index: global step, 0-based, counted from the start of the fit.
        batch: the batch as the input pipeline made it, or None where it cannot be seen.
        names, values: the step's points by series, such as "batch/loss", the batch's true loss.
            Losses stand last, so that a symptom in them finds the others told already.
        finite: whether loss and gradients were finite.
        update_finite: whether all weights were finite after the update.
        norms: each variable's gradient norm, then each one's weight norm; empty where they
            cannot be seen.
    """

    index: int
    batch: Any
    names: tuple[str, ...]
    values: list[float]
    finite: bool
    update_finite: bool = True
    norms: NDArray[np.float64] = field(default_factory=lambda: NOTHING)

    @property
    def points(self) -> dict[str, float]:
        """The values by series."""
        return dict(zip(self.names, self.values, strict=True))

    @property
    def loss(self) -> float:
        """The batch's true loss, NaN when the step has none."""
        return self.points.get("batch/loss", math.nan)


def original_of(train_function: Any) -> Any:
    """The model's own train function, also below what an interrupted fit left in place."""
    return getattr(train_function, MARK, train_function)


def series_of(key: str) -> str:
    """The series of a key of Keras' batch logs; its "loss" is a running mean and says so."""
    return "batch/loss_running" if key == "loss" else f"batch/{key}"
