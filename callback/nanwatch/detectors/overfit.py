"""A validation loss that rises while the training loss falls."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal

FEWEST, LASTING = 8, 4
"""So many epochs at least are looked at, and so many must follow the best one."""
RISE, FALL = 1.2, 0.8
"""What validation must rise above its best, and training fall below what it was then."""
SPREADS = 3.0
"""So many mean steps between epochs lie above the noise."""
HARMFUL = 0.5
"""Below this share of a constant guess's loss, rows that were never seen are still told well."""
LATE = 3
"""The mean of so many epochs is the level of the end."""


def overfit(course: Course) -> Signal | None:
    """Validation clearly and lastingly above its minimum, training clearly below what it was then.

    A run that ended before its last epoch was stopped by somebody who looks at that already.
    """
    train = course.epochs.get("loss", ())
    val = course.epochs.get("val_loss", ())
    if len(val) < FEWEST or len(train) != len(val) or not all(map(math.isfinite, val)):
        return None
    best = min(range(len(val)), key=val.__getitem__)
    after = len(val) - 1 - best
    if after < max(LASTING, len(val) // 4) or (course.planned or 0) > len(val):
        return None
    if not _rose(val[best], val[best + 1 :]) or fmean(train[-LATE:]) > FALL * train[best]:
        return None
    if fmean(val[-LATE:]) < HARMFUL * course.guess:
        return None
    seen = f"validation {val[-1]:.4g}, it was {val[best]:.4g} after epoch {best + 1}"
    return Signal("overfit", "warning", "epoch/val_loss", course.last_step, seen)


def _rose(best: float, since: tuple[float, ...]) -> bool:
    """The end lies far above the minimum, measured by its level and by the noise from then on."""
    end = fmean(since[-LATE:])
    steps = [abs(b - a) for a, b in pairwise(since)]
    noise = SPREADS * fmean(steps) if steps else math.inf
    return best > 0 and end > RISE * best and end - best > noise
