"""A loss that falls, but to no better than a constant guess."""

from __future__ import annotations

from nanwatch.detectors.course import Course
from nanwatch.detectors.signal import Signal
from nanwatch.events import Symptom

NO_BETTER, HUGE = 0.9, 100.0
"""Multiples of a constant guess's loss: hardly better than that, and absurdly worse."""


def underfit(course: Course) -> Signal | None:
    """A final loss that a model without inputs would reach as well."""
    ratio = course.against_guess
    if not ratio > NO_BETTER:
        return None
    seen = f"{course.data_end:.4g} at the end; a constant guess has {course.guess:.4g}"
    symptom: Symptom = "huge_loss" if ratio > HUGE else "underfit"
    return Signal(symptom, "warning", course.series, course.last_step, seen)
