"""What becomes of a diagnosis: a new incident, a better word on an open one, or nothing.

An incident is one symptom of one run. Two hosts run the brain: the server, which sees the stream
alone, and the training process, which has the batch and the weights. The better informed one has
the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from nanwatch.events import SEVERITIES, Diagnosis, Severity, Step, Symptom

Source = Literal["server", "client"]
Health = Literal["ok", "info", "warning", "critical"]
AlertState = Literal["open", "acknowledged", "resolved"]
Telling = Literal[
    "firing",
    "late",
    "worse",
    "again",
    "reminder",
    "resolved",
    "flapping",
    "correction",
    "channel",
]

GOOD_NEWS: tuple[Telling, ...] = ("resolved", "correction")
URGENT_WAIT_S = 1.0  # so that the training process's better informed diagnosis is in the message
GROWING_WAIT_S = 5.0  # an explosion tends to end in NaN, and is told as that then
OTHER_WAIT_S = 30.0  # so that what belongs together goes in one message
SILENCES = ("lost", "hung")  # what no diagnosis explains: nothing is heard, or no step is made
OLD_AFTER_S = 600.0  # what a training found longer ago is told as late news, gathered
INHIBITS = "nan_loss"  # a run whose loss is NaN needs no further word on how it got there
INHIBITED = frozenset(
    (
        "exploding_loss",
        "loss_spike",
        "huge_loss",
        "loss_stuck",
        "underfit",
        "oscillating",
        "nan_val_only",
        "hung",
    )
)


@dataclass(frozen=True)
class Finding:
    """A diagnosis and who made it.

    Attributes:
        at: how far the training had come by its own clock, in seconds since 1970; None when it
            told no time.
    """

    diagnosis: Diagnosis
    source: Source
    at: float | None = None


@dataclass(frozen=True)
class Standing:
    """What people, or time, have made of an incident.

    Attributes:
        muted: nothing is told of it, until `muted_until` or, without one, until it becomes worse.
        verdict: whether somebody found the diagnosis right; None: nobody said.
        note: why it was resolved, when that was not a person's doing.
    """

    state: AlertState = "open"
    acknowledged_at: float | None = None
    resolved_at: float | None = None
    muted: bool = False
    muted_until: float | None = None
    verdict: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Incident:
    """One symptom of one run, from its first sign on.

    Attributes:
        opened_at: seconds since 1970 by the server's clock; so are all moments here.
        deliveries: how many of its messages are sent, waiting and failed.
    """

    id: int
    run_id: str
    run_name: str
    project: str
    opened_at: float
    diagnosis: Diagnosis
    source: Source
    standing: Standing = Standing()
    deliveries: Mapping[str, int] = field(default_factory=dict)


def wait_s(symptom: str, severity: str) -> float:
    """How long to wait before an incident is told."""
    if severity != "critical":
        return OTHER_WAIT_S
    return GROWING_WAIT_S if symptom in INHIBITED else URGENT_WAIT_S


def silence(symptom: str, last_step: Step | None) -> Diagnosis:
    """What stands for the diagnosis of an incident that is one of SILENCES."""
    return Diagnosis(cast(Symptom, symptom), "warning", last_step)


def replaces(new: Finding, old: Finding) -> bool:
    """Whether `new` is the better word on the same symptom; what was foreseen yields to it."""
    if is_alert(new.diagnosis) != is_alert(old.diagnosis):
        return is_alert(new.diagnosis)
    if new.source == "client":
        return True
    return old.source == "server" and _rank(new.diagnosis) > _rank(old.diagnosis)


def is_worse(new: Diagnosis, old: Diagnosis) -> bool:
    """Whether a symptom is graver than it was known to be."""
    return _rank(new) > _rank(old)


def is_alert(diagnosis: Diagnosis) -> bool:
    """Whether people are to be told; an `info` only stands on the run's page."""
    return diagnosis.severity != "info"


def health_of(severities: Iterable[Severity]) -> Health:
    """The health of a run with incidents of these severities."""
    return max(severities, key=SEVERITIES.index, default="ok")


def _rank(diagnosis: Diagnosis) -> int:
    return SEVERITIES.index(diagnosis.severity)
