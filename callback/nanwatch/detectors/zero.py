"""A loss near zero from the beginning, whatever is predicted."""

from __future__ import annotations

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal

NOTHING = 2e-6
"""A loss as small as this is none at all."""
NEXT_TO_NOTHING = 0.01
"""A loss that has fallen to this share of where it began is on its way to nothing."""


def zero_loss(course: Course) -> Signal | None:
    """No loss for a constant guess, and none, or soon none, for the model: nothing is compared."""
    start, end, guess = course.loss.start, course.loss.end, course.guess
    least = max(NOTHING, NEXT_TO_NOTHING * abs(start))
    if abs(course.data_end) > least or not abs(guess) <= NOTHING:
        return None
    began = "from the beginning" if abs(start) <= NOTHING else f"at the end, {start:.3g} at first"
    seen = f"{end:.3g} {began}, and a constant guess has {guess:.3g} too"
    return Signal("zero_loss", "warning", course.series, 0, seen)
