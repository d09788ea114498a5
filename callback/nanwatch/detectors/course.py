"""What a run has shown by the time it is judged: the matter of the silent symptoms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from nanwatch.detectors.curve import Curve

FEWEST_STEPS = 40
FEW_STEPS, MANY_EPOCHS = 20, 10


PROMISING = 0.8


@dataclass(frozen=True)
class Course:
    """A run that is over, or has gone on for long.

    Attributes:
        loss: the true loss of every batch.
        epochs: every series of Keras' epoch logs, such as "val_loss", oldest first.
        planned: how many epochs were asked for, None when unknown.
        guess: the loss of the best constant guess for the labels at hand, NaN when unknown.
        penalty: what regularisation and `add_loss` add to the loss now.
        lowest: the lower bound of the loss, None when it has none or it is not known.
        losses: the losses' names, as the run's facts tell them.
        custom: whether the loss or the step is the user's own.
        last_step: the global step of the last loss.
    """

    loss: Curve
    epochs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    planned: int | None = None
    guess: float = math.nan
    penalty: float = 0.0
    lowest: float | None = None
    losses: tuple[str, ...] = ()
    custom: bool = False
    last_step: int | None = None

    @property
    def long_enough(self) -> bool:
        """Whether there is enough to judge: a few batches say nothing."""
        many = len(self.epochs.get("loss", ())) >= MANY_EPOCHS
        return self.loss.n >= (FEW_STEPS if many else FEWEST_STEPS)

    @property
    def data_end(self) -> float:
        """The level at which the loss of the data ended, without what penalties add to it."""
        return self.loss.end - self.penalty

    @property
    def against_guess(self) -> float:
        """The final loss as a multiple of what a constant guess has; NaN when it is not known."""
        return self.data_end / self.guess if self.guess > 0 else math.nan

    @property
    def promising(self) -> bool:
        """Whether the run got clearly below what a constant guess has."""
        return self.against_guess < PROMISING
