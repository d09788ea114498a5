"""A loss that goes up and down without settling."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, median

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal

FEWEST = 8
"""So many epochs must have a mean."""
SWING, RISES = 0.15, 0.3
"""Epochs that differ by this share of their level, and of which this share rises, don't settle."""
SETTLED = 0.3
"""A loss below this share of a constant guess's, or of where its later epochs began, got far."""


def oscillating(course: Course) -> Signal | None:
    """Epoch means whose swings are large beside their level, in a run that has not got far.

    The means of epochs are looked at, because single batches may be as noisy as they like.
    """
    means = [value for value in course.epochs.get("loss", ()) if value == value]
    late = means[len(means) // 3 :]
    if len(means) < FEWEST or course.custom or not min(late) > 0 or course.against_guess < SETTLED:
        return None
    steps = [after - before for before, after in pairwise(late)]
    swing = median(map(abs, steps)) / fmean(late)
    rises = sum(step > 0 for step in steps) / len(steps)
    if swing < SWING or rises < RISES or late[-1] < SETTLED * late[0]:
        return None
    seen = f"epochs differ by {swing:.0%} of their level, and {rises:.0%} of them rise"
    return Signal("oscillating", "warning", course.series, course.last_step, seen)
