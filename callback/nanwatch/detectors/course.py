"""What a run has shown by the time it is judged: the matter of the silent symptoms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from nanwatch.detectors.curve import Curve

FEWEST_STEPS = 40
FEW_STEPS, MANY_EPOCHS = 20, 10
"""So many steps are enough to judge; of small data sets fewer are, over so many epochs."""
PROMISING = 0.8
"""A loss below this share of a constant guess's is clearly better than that."""
LEAST_FALL = 0.02
"""A loss that falls by less than this share of it does not fall."""


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
        series: where the losses were logged; that of one output is judged apart.
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
    series: str = "batch/loss"

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
    def still(self) -> bool:
        """Whether it falls no more: the last quarter lies no lower than the one before."""
        before, now = self.loss.level(1 / 2, 3 / 4), self.loss.level(3 / 4, 1.0)
        noise = self.loss.spread(1 / 2, 1.0)
        return before - now <= max(LEAST_FALL * abs(before), min(noise, abs(before) / 4))

    @property
    def against_guess(self) -> float:
        """The final loss as a multiple of what a constant guess has; NaN when it is not known."""
        return self.data_end / self.guess if self.guess > 0 else math.nan

    @property
    def promising(self) -> bool:
        """Whether the run got clearly below what a constant guess has."""
        return self.against_guess < PROMISING
