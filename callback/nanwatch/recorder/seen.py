"""What a recorder saw of one step, and the mark that it leaves on a train function."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOTHING: Mapping[str, float] = {}

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
        details: further points by series, those of every layer and of the data; empty in the
            steps that were not looked at closely.
    """

    index: int
    batch: Any
    names: tuple[str, ...]
    values: list[float]
    finite: bool
    update_finite: bool = True
    details: Mapping[str, float] = field(default_factory=lambda: NOTHING)

    @property
    def points(self) -> dict[str, float]:
        """The values by series."""
        return dict(zip(self.names, self.values, strict=True))

    @property
    def rate(self) -> float | None:
        """The learning rate in effect, None when it is not known."""
        return self.points.get("batch/learning_rate")

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
