"""A loss below zero that cannot be, or one that falls without bound."""

from __future__ import annotations

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal

TINY = 1e-4
"""So far below its bound a loss may come by rounding."""
FAR = 30.0
"""So many times the first loss, or 1, below 0 is far beyond a minimum."""


def negative_loss(course: Course) -> Signal | None:
    """Below the loss's lower bound; or, where it has none, ever faster downwards."""
    low = course.loss.level(3 / 4, 1.0)
    bound = course.lowest
    if bound is not None and low < bound - TINY:
        seen = f"{low:.4g} at the end, though {course.losses[0]} cannot be below {bound:g}"
        first = course.loss.first_below(bound - TINY)
        return Signal("negative_loss", "warning", course.series, first, seen)
    if bound is None and _falls_without_bound(course):
        seen = f"{low:.4g} at the end, and it falls faster and faster"
        first = course.loss.first_below(0.0)
        return Signal("negative_loss", "warning", course.series, first, seen)
    return None


def _falls_without_bound(course: Course) -> bool:
    """The second half falls at least as far as the first, to far below where it began."""
    start, half, end = course.loss.start, course.loss.level(0.45, 0.55), course.loss.end
    return end < -FAR * max(1.0, abs(start)) and half - end > start - half > 0
