"""One or few batches with a loss far above the others."""

from __future__ import annotations

import math

from nanwatch.detectors.running import UsualLevel
from nanwatch.detectors.signal import Signal
from nanwatch.detectors.stretch import WINDOW, Stretch

NEEDED = 8
"""So many points the usual level needs at least."""
TIMES = math.log(10.0)
SIGMAS = 10.0
APART = 16
"""Spikes with fewer steps between them belong together."""


class SpikeDetector:
    """Suspects the batch whose loss stands out: ten times the usual, and ten spreads above it.

    A spike alone is no trouble: small batches, restarts and hard rows make some. It is a
    suspicion, worth telling when the batch itself shows why. Spikes that follow within few steps
    belong together.

    >>> detector = SpikeDetector("batch/loss")
    >>> losses = [1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.0, 1.1, 0.9, 90.0, 1.0]
    >>> [step for step, loss in enumerate(losses) if detector.update(step, loss)]
    [9]
    """

    def __init__(self, series: str) -> None:
        self.series = series
        self._usual = UsualLevel(WINDOW)
        self._left = 0

    def update(self, step: int, value: float) -> Signal | None:
        """Take the next loss; signal when it stands out of those before."""
        if not math.isfinite(value) or value <= 0:
            return None
        level, self._left = math.log(value), max(0, self._left - 1)
        if not self._stands_out(level):
            self._usual.learn(level)
            return None
        fresh, self._left = self._left == 0, APART
        return self._signal(step, value) if fresh else None

    def quiet(self, coming: Stretch) -> int:
        """How many of the first values plainly don't stand out."""
        if not self._usual.is_full:
            return 0
        return coming.up_to(self._usual.ceiling(coming, TIMES, SIGMAS))

    def pass_over(self, quiet: Stretch) -> None:
        """Take values that don't stand out."""
        self._left = max(0, self._left - len(quiet.positive))
        self._usual.learn_all(*quiet.last_levels)

    def _stands_out(self, level: float) -> bool:
        if len(self._usual) < NEEDED:
            return False
        above = level - self._usual.median
        return above > TIMES and above > SIGMAS * self._usual.noise

    def _signal(self, step: int, value: float) -> Signal:
        usual = math.exp(self._usual.median)
        seen = f"{value:.3g}, {value / usual:,.0f} times the usual {usual:.3g}"
        return Signal("loss_spike", "warning", self.series, step, seen)
