"""NaN or infinity, at the very first point that is one."""

from __future__ import annotations

import math

from nanwatch.detectors.signal import Signal
from nanwatch.detectors.stretch import Stretch, count_first
from nanwatch.events import Symptom


class NonFiniteDetector:
    """Signals the first non-finite value of a series, once: it latches.

    One bad value is proof enough: the mean of an epoch, the weights and every later value can be
    lost to it (IEEE 754: NaN stays NaN through every sum and product).

    >>> detector = NonFiniteDetector("batch/loss")
    >>> [detector.update(step, v) is not None for step, v in enumerate([1.0, float("nan"), 2.0])]
    [False, True, False]
    """

    def __init__(self, series: str, symptom: Symptom = "nan_loss") -> None:
        self.series = series
        self.symptom = symptom
        self.latched = False

    def update(self, step: int, value: float) -> Signal | None:
        """Signal when `value` is the first that is not finite."""
        if self.latched or math.isfinite(value):
            return None
        self.latched = True
        return Signal(self.symptom, "critical", self.series, step, nonfinite_word(value))

    def quiet(self, coming: Stretch) -> int:
        """How many of the first values are finite, or told already."""
        return len(coming) if self.latched else count_first(coming.is_finite)

    def pass_over(self, quiet: Stretch) -> None:
        """Nothing is remembered of finite values."""


def nonfinite_word(value: float) -> str:
    """ "NaN", "+Inf" or "-Inf"."""
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
