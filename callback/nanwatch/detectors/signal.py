"""What a detector says, and what every detector can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nanwatch.detectors.stretch import Stretch
from nanwatch.events import Fault, Severity, Symptom


@dataclass(frozen=True)
class Signal:
    """A symptom was seen.

    Attributes:
        series: where it was seen, such as "batch/loss".
        first_step: the step at which it began, which may lie before the step that proved it; None
            when an epoch's symptom has no known global step.
        seen: the telling value in words, such as "NaN" or "57 times the usual 0.31".
        fault: see `Diagnosis`.
    """

    symptom: Symptom
    severity: Severity
    series: str
    first_step: int | None
    seen: str
    fault: Fault | None = None


class Detector(Protocol):
    """A streaming observer of one series.

    Quiet values may be taken together; a detector knows the same afterwards as if it had taken
    them one by one.
    """

    def update(self, step: int, value: float) -> Signal | None:
        """Take the next point; return a signal at the point that proves the symptom."""
        ...

    def quiet(self, coming: Stretch) -> int:
        """How many of the first values are plainly no news; 0 when it cannot be said cheaply."""
        ...

    def pass_over(self, quiet: Stretch) -> None:
        """Take values that `quiet` has found to be no news."""
        ...
