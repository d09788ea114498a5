"""A loss that does not fall."""

from __future__ import annotations

from nanwatch.detectors.course import LEAST_FALL, Course
from nanwatch.detectors.signal import Signal

NOISE = 2.0
"""A fall by fewer spreads than this is noise."""
SIGNATURES = {
    16.118: "-ln(1e-7), a probability of 0 for the true class",
    15.945: "-ln(1e-7) in half precision, a probability of 0 for the true class",
    4.0295: "the focal loss of a probability of 0",
    0.69315: "ln 2, a guess between two classes",
}
"""Levels that are known for what they mean, and so are their halves."""


def loss_stuck(course: Course) -> Signal | None:
    """A final level no lower than the first, by more than the noise of the course.

    A run that is clearly better than a constant guess is left in peace: a second fit of a
    converged network does not fall either.
    """
    start, end = course.loss.start, course.loss.end
    fall = start - end
    noise = NOISE * course.loss.spread(0.5, 1.0)
    if course.promising or fall > max(LEAST_FALL * abs(start), min(noise, abs(start) / 4)):
        return None
    return Signal("loss_stuck", "warning", course.series, 0, _words(start, end))


def _words(start: float, end: float) -> str:
    known = (v for v in SIGNATURES if abs(end - v) < 2e-3 * v or abs(end - v / 2) < 1e-3 * v)
    meaning = next((f" ({SIGNATURES[value]})" for value in known), "")
    return f"{end:.4g} at the end, {start:.4g} at first{meaning}"
