"""A step that a replay has made, and what makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Made(NamedTuple):
    """A step that was made.

    Attributes:
        loss: the batch's loss.
        penalty: the part of it that comes from regularisation and `add_loss`.
        learns: whether at least half of the variables still get a gradient.
        parts: the loss of each output by its series, such as "price_loss".
    """

    loss: float
    penalty: float
    learns: bool
    parts: dict[str, float]


Stepper = Callable[[Any, float, float], Made]
"""Makes a step: (batch, share of the update, limit of the gradients' norm)."""
