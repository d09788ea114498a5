"""Detectors: what was seen in, signals out. One symptom a file; no clock, no I/O, no causes.

Streaming detectors take points and prove a symptom as soon as it can be proven. The silent
symptoms are suspicions, judged over the whole course of a run: an examination decides whether one
is worth telling.
"""

from __future__ import annotations

from collections.abc import Callable

from nanwatch.detectors.course import Course
from nanwatch.detectors.curve import Curve
from nanwatch.detectors.explosion import ExplosionDetector
from nanwatch.detectors.huge import huge_loss
from nanwatch.detectors.negative import negative_loss
from nanwatch.detectors.nonfinite import NonFiniteDetector
from nanwatch.detectors.oscillation import oscillating
from nanwatch.detectors.overfit import overfit
from nanwatch.detectors.signal import Detector, Signal
from nanwatch.detectors.spike import SpikeDetector
from nanwatch.detectors.stretch import Stretch
from nanwatch.detectors.stuck import loss_stuck
from nanwatch.detectors.underfit import underfit
from nanwatch.detectors.zero import zero_loss

SUSPICIONS: tuple[Callable[[Course], Signal | None], ...] = (
    negative_loss,
    zero_loss,
    huge_loss,
    loss_stuck,
    underfit,
    oscillating,
    overfit,
)
"""The silent symptoms, the most telling first."""


def suspicions(course: Course) -> list[Signal]:
    """What may be wrong with a run that looks finite, the most telling first, each symptom once."""
    if not course.long_enough:
        return []
    found = [signal for suspect in SUSPICIONS if (signal := suspect(course)) is not None]
    return list({signal.symptom: signal for signal in reversed(found)}.values())[::-1]


__all__ = [
    "Course",
    "Curve",
    "Detector",
    "ExplosionDetector",
    "NonFiniteDetector",
    "Signal",
    "SpikeDetector",
    "Stretch",
    "suspicions",
]
