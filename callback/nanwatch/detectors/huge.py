"""A finite loss far above what it can mean."""

from __future__ import annotations

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal

MEANINGLESS = {"crossentropy": 12.0, "percentage": 1e5}
"""By a word in the loss's name: a mean above this is no loss of predictions that mean something.
Three of four rows are clipped at -ln(1e-7) there, or errors are a thousand times the targets."""
TIMES = 5.0
"""Where a constant guess has a loss as high by itself, so many times that one."""


def huge_loss(course: Course) -> Signal | None:
    """A final crossentropy near -ln(1e-7), or a percentage of targets at zero."""
    names = [name.lower().replace("_", "") for name in course.losses]
    limits = [most for word, most in MEANINGLESS.items() if any(word in name for name in names)]
    end = course.data_end
    if len(course.losses) != 1 or not limits or end < limits[0] or course.against_guess < TIMES:
        return None
    seen = f"{end:.4g} at the end, where a poor guess has less than {limits[0]:g}"
    return Signal("huge_loss", "warning", course.series, course.last_step, seen)
