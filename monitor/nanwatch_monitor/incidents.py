"""What becomes of a diagnosis: a new incident, a better word on an open one, or nothing.

An incident is one symptom of one run. Two hosts run the brain: the server, which sees the stream
alone, and the training process, which has the batch and the weights. The better informed one has
the last word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from nanwatch.events import SEVERITIES, Diagnosis, Severity

Source = Literal["server", "client"]
Health = Literal["ok", "info", "warning", "critical"]


@dataclass(frozen=True)
class Finding:
    """A diagnosis and who made it."""

    diagnosis: Diagnosis
    source: Source


@dataclass(frozen=True)
class Incident:
    """One symptom of one run, from its first sign on.

    Attributes:
        opened_at: seconds since 1970 by the server's clock.
    """

    id: int
    run_id: str
    run_name: str
    opened_at: float
    diagnosis: Diagnosis
    source: Source


def replaces(new: Finding, old: Finding) -> bool:
    """Whether `new` is the better word on the same symptom; what was foreseen yields to it."""
    if is_alert(new.diagnosis) != is_alert(old.diagnosis):
        return is_alert(new.diagnosis)
    if new.source == "client":
        return True
    return old.source == "server" and _rank(new.diagnosis) > _rank(old.diagnosis)


def is_alert(diagnosis: Diagnosis) -> bool:
    """Whether people are to be told; an `info` only stands on the run's page."""
    return diagnosis.severity != "info"


def health_of(severities: Iterable[Severity]) -> Health:
    """The health of a run with incidents of these severities."""
    return max(severities, key=SEVERITIES.index, default="ok")


def _rank(diagnosis: Diagnosis) -> int:
    return SEVERITIES.index(diagnosis.severity)
