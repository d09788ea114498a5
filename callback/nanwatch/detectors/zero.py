"""A loss near zero from the beginning, whatever is predicted."""

from __future__ import annotations

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal

NOTHING = 1e-6


def zero_loss(course: Course) -> Signal | None:
    """No loss at first, and none for a constant guess either: nothing is compared."""
    start, end, guess = course.loss.start, course.loss.end, course.guess
    if abs(start) > NOTHING or abs(end - course.penalty) > NOTHING or abs(guess) > NOTHING:
        return None
    seen = f"{end:.3g} from the beginning, and a constant guess has {guess:.3g} too"
    return Signal("zero_loss", "warning", "batch/loss", 0, seen)
