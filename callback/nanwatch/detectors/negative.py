"""A loss below zero that cannot be, or one that falls without bound."""

from __future__ import annotations

from itertools import pairwise

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal

TINY = 1e-4
"""So far below its bound a loss may come by rounding."""
FAR, DEEP = 30.0, 10.0
"""So many times the first loss, or 1, below 0 is far beyond a minimum, and may be."""
FASTER = 1.15
"""A fall that has no bound gets so many times steeper from quarter to quarter, if not more."""


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
    """The second half falls at least as far as the first, to far below where it began; or, not
    that far yet, each quarter clearly farther than the one before.
    """
    start, half, end = course.loss.start, course.loss.level(0.45, 0.55), course.loss.end
    unit = max(1.0, abs(start))
    if end < -FAR * unit:
        return half - end > start - half > 0
    return end < -DEEP * unit and _ever_steeper(course)


def _ever_steeper(course: Course) -> bool:
    levels = [course.loss.level(at, at + 0.1) for at in (0.0, 0.225, 0.45, 0.675, 0.9)]
    falls = [before - after for before, after in pairwise(levels)]
    return falls[0] > 0 and all(then > FASTER * first for first, then in pairwise(falls))
