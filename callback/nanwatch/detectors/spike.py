"""One or few batches with a loss far above the others."""

from __future__ import annotations

import math

from nanwatch.detectors.running import STEP_TO_SIGMA, RunningMedian
from nanwatch.detectors.signal import Signal

WINDOW, NEEDED = 64, 8
"""Points of which the usual level is the median, and how many it needs at least."""
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
        self._usual = RunningMedian(WINDOW)
        self._steps = RunningMedian(WINDOW)
        self._last: float | None = None
        self._left = 0

    def update(self, step: int, value: float) -> Signal | None:
        """Take the next loss; signal when it stands out of those before."""
        if not math.isfinite(value) or value <= 0:
            return None
        level, self._left = math.log(value), max(0, self._left - 1)
        if not self._stands_out(level):
            self._learn(level)
            return None
        fresh, self._left = self._left == 0, APART
        return self._signal(step, value) if fresh else None

    def _stands_out(self, level: float) -> bool:
        if len(self._usual) < NEEDED:
            return False
        above = level - self._usual.median
        return above > TIMES and above > SIGMAS * STEP_TO_SIGMA * self._steps.median

    def _learn(self, level: float) -> None:
        self._usual.add(level)
        self._steps.add(abs(level - (level if self._last is None else self._last)))
        self._last = level

    def _signal(self, step: int, value: float) -> Signal:
        usual = math.exp(self._usual.median)
        seen = f"{value:.3g}, {value / usual:,.0f} times the usual {usual:.3g}"
        return Signal("loss_spike", "warning", self.series, step, seen)
