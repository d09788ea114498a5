"""The vocabulary: what a training run can say, as frozen dataclasses that both sides speak.

Everything that travels from the training process to the server is one of the events at the end
of this module. A diagnosis is part of the vocabulary, because both sides make them: the server
from the stream alone, the callback beside the evidence that only it has.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

Severity = Literal["info", "warning", "critical"]
Symptom = Literal[
    "nan_loss",
    "nan_val_only",
    "exception",
    "exploding_loss",
    "loss_spike",
    "huge_loss",
    "loss_stuck",
    "underfit",
    "negative_loss",
    "zero_loss",
    "oscillating",
    "overfit",
]
Fault = Literal["loss", "gradient", "weights"]
EndState = Literal["finished", "failed", "interrupted"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
SYMPTOMS: tuple[Symptom, ...] = get_args(Symptom)

MAX_STEP = 2**53 - 1  # the last integer that JavaScript shows exactly
MAX_NAME = 256
CLOCK_FACT = "clock_off_s"  # how far the training's clock is ahead of the server's, if it is off

# Limits of what travels: checked where bytes become events (wire.py), so that nothing behind that
# door has to fear an endless name, a step that no database holds or a date after the year 9999.
Step = Annotated[int, msgspec.Meta(ge=0, le=MAX_STEP)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_STEP)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=2.5e11)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00-\x1f]+\Z")]


@dataclass(frozen=True)
class Evidence:
    """One check that speaks for or against a cause: what was seen and what a healthy run shows.

    Attributes:
        healthy: whether what was seen is what a healthy run shows; None where that is not said.
    """

    check: str
    seen: str
    expected: str
    healthy: bool | None = None


@dataclass(frozen=True)
class Fix:
    """What to change: in words, and as code that can be pasted."""

    text: str
    code: str = ""


@dataclass(frozen=True)
class Cause:
    """One suspect.

    Attributes:
        label: a label of docs/causes, such as "nan_in_features".
        confidence: between 0 and 1.
        summary: one or two sentences for a person.
        where: what applies of epoch, batch, input, output, layer, variable, rows, samples,
            columns, column_names, source_line.
        verified: True when a replay with the fix stayed finite and the loss fell, False when it
            did not, None when no replay was made.
    """

    label: str
    confidence: Fraction
    summary: str
    evidence: tuple[Evidence, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    fix: Fix = Fix("")
    verified: bool | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A symptom and its suspects, the likeliest first.

    Attributes:
        first_step: the global step (0-based) at which the symptom began, or None.
        fault: what of that step was not finite first, for the symptom "nan_loss"; None where that
            is not known, and for all other symptoms.
    """

    symptom: Symptom
    severity: Severity
    first_step: Step | None
    causes: tuple[Cause, ...] = ()
    fault: Fault | None = None

    @property
    def label(self) -> str:
        """The first suspect's label, or "unknown"."""
        return self.causes[0].label if self.causes else "unknown"

    @property
    def likelihood(self) -> float:
        """The first suspect's confidence, 0 without one."""
        return self.causes[0].confidence if self.causes else 0.0


def one_spelling(name: str) -> str:
    """The name as it is stored and compared: "é" is one letter, however a keyboard made it."""
    return unicodedata.normalize("NFC", name)


@dataclass(frozen=True)
class RunStarted:
    """A run begins (or a further writer joins it): who it is and how it is set up.

    Name, project and tags are in one spelling, see `one_spelling`.

    Attributes:
        config: what the user passed as `config`, plain values.
        facts: what the callback found out by itself: model, loss, optimizer, data, versions.
        started_at: seconds since 1970 by the client's clock; a label only, never an order.
        resumes: the stream goes on with a run that another one has begun, even one that is over.
    """

    name: Name
    project: Name
    tags: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    started_at: Seconds = 0.0
    resumes: bool = False

    def __post_init__(self) -> None:
        """Spell names in one way."""
        object.__setattr__(self, "name", one_spelling(self.name))
        object.__setattr__(self, "project", one_spelling(self.project))
        object.__setattr__(self, "tags", tuple(map(one_spelling, self.tags)))


@dataclass(frozen=True)
class FactsLearned:
    """Facts that were not known at the start, merged over the run's facts key by key."""

    facts: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Points:
    """A block of points: some series at the same steps.

    Attributes:
        steps: int64, shape (n,). Global 0-based steps for `batch/*`, 0-based epochs for `epoch/*`.
        values: for each series a float64 array of shape (n,). NaN and infinities are values.
    """

    steps: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]

    def __eq__(self, other: object) -> bool:
        """Equal bit by bit, so that NaN equals itself."""
        if not isinstance(other, Points):
            return NotImplemented
        return _bits(self) == _bits(other)

    __hash__ = None  # type: ignore[assignment]  # arrays are no keys


def _bits(points: Points) -> tuple[bytes, dict[str, bytes]]:
    return points.steps.tobytes(), {name: v.tobytes() for name, v in points.values.items()}


@dataclass(frozen=True)
class Heartbeat:
    """The training process is alive.

    Attributes:
        step: the last global step seen, or None before the first.
        idle_s: seconds since that step, or since the validation that followed it, by a monotonic
            clock.
        patience_s: after how many idle seconds the run counts as hung; None while that cannot be
            said: it compiles, it validates, or there were too few steps to know their pace.
    """

    step: Step | None
    idle_s: Seconds
    patience_s: Seconds | None = None


@dataclass(frozen=True)
class Gap:
    """Points that were lost on the way (a full disk, a full spool), so that a chart can say so.

    Attributes:
        n: how many values were lost, all series together.
    """

    n: Count
    first_step: Step
    last_step: Step


@dataclass(frozen=True)
class Diagnosed:
    """The callback's diagnosis; it refines the server's incident of the same run and symptom."""

    diagnosis: Diagnosis


@dataclass(frozen=True)
class RunEnded:
    """The run is over, and how.

    Attributes:
        reason: for people: "stopped_on_nan", an exception's text, or empty.
        ended_at: seconds since 1970 by the client's clock.
    """

    state: EndState
    reason: str = ""
    ended_at: Seconds = 0.0


Event = RunStarted | FactsLearned | Points | Heartbeat | Gap | Diagnosed | RunEnded


def to_json(value: Any) -> Any:
    """Plain JSON values of any part of the vocabulary.

    Non-finite numbers become "NaN", "Infinity" and "-Infinity", because JSON has no word for
    them and most encoders write `null` without a word.
    """
    return _json_numbers(msgspec.to_builtins(value, enc_hook=_array_as_list))


def diagnosis_from_json(value: Any) -> Diagnosis:
    """The diagnosis that `to_json` wrote; raises msgspec.ValidationError when it is none."""
    return msgspec.convert(value, Diagnosis)


def _array_as_list(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def _json_numbers(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _json_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_numbers(item) for item in value]
    return value
