"""What a recorder saw of one step, and the mark that it leaves on a train function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARK = "_nanwatch_original"
"""A watched train function carries the model's own under this name."""


@dataclass(frozen=True)
class Step:
    """One training step.

    Attributes:
        index: global step, 0-based, counted from the start of the fit.
        batch: the batch as the input pipeline made it, or None where it cannot be seen.
        logs: what Keras reports: running means of loss and metrics.
        loss: the true loss of this batch, NaN when the step has none.
        finite: whether loss and gradients were finite.
        update_finite: whether all weights were finite after the update.
        grad_norm: of all gradients together, before clipping; None where it cannot be seen.
        learning_rate: in effect at this step; None where it cannot be seen.
        parts: true values of the further losses, by name.
        row: the step's numbers as `StepProbe` lays them out.
    """

    index: int
    batch: Any
    logs: Mapping[str, Any]
    loss: float
    finite: bool
    update_finite: bool = True
    grad_norm: float | None = None
    learning_rate: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    row: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


def original_of(train_function: Any) -> Any:
    """The model's own train function, also below what an interrupted fit left in place."""
    return getattr(train_function, MARK, train_function)
