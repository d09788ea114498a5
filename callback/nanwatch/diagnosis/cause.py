"""What every cause consists of: its page for people, and how it weighs a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nanwatch.diagnosis.case import Case
from nanwatch.events import SYMPTOMS, Fix, Symptom

NARROW: frozenset[Symptom] = frozenset(("exception", "nan_val_only", "loss_spike"))
"""Symptoms that only few causes have; such a cause says so."""
USUAL: frozenset[Symptom] = frozenset(SYMPTOMS) - NARROW

REPLAY = "replay with the fix"
"""The check that tells what became of a replay."""


@dataclass(frozen=True)
class Clue:
    """One check that speaks for a cause (positive weight) or against it (negative weight).

    Attributes:
        weight: in log-odds. 1 is a hint, 2 is strong, 4 nearly settles the matter.
        healthy: whether what was seen is what a healthy run shows; None where that is not said.
    """

    weight: float
    check: str
    seen: str
    expected: str
    healthy: bool | None = None


@dataclass(frozen=True)
class Testimony:
    """What a cause has to say about a case.

    Attributes:
        where: what applies of epoch, batch, input, output, layer, rows, samples, columns.
        remedy: the name of the replay (`Case.trials`) that tries this fix, or "".
        also_try: names of further replays whose outcome tells this cause from others.
    """

    summary: str
    clues: Sequence[Clue]
    fix: Fix
    where: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""
    also_try: tuple[str, ...] = ()


@dataclass(frozen=True)
class CausePage:
    """One cause: why it happens, what to do, an example, and how it is recognised.

    Attributes:
        label: a label of the fixed vocabulary.
        title: the cause in a few words, for a heading.
        why: why it makes a loss go wrong.
        remedy: what to do about it.
        before, after: a few lines of code with the fault, and mended.
        weigh: the case's testimony, or None when nothing speaks for this cause.
        fires, quiet: example cases in which it is, and is not, the first suspect. They are
            documentation and test at once.
        symptoms: what this cause can show itself by; of other symptoms it is not asked.
    """

    label: str
    title: str
    why: str
    remedy: str
    before: str
    after: str
    weigh: Callable[[Case], Testimony | None]
    fires: tuple[Case, ...]
    quiet: tuple[Case, ...]
    symptoms: frozenset[Symptom] = USUAL
