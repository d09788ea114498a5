"""What the causes of a wrong configuration share: findings at its outputs, weighed alike.

A finding says what of an output does not fit together. It needs no failure to be seen, so the
same finding serves before the training as a word of warning, and after it as an explanation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue, Testimony
from nanwatch.diagnosis.outputs import Output, outputs
from nanwatch.events import Fix, Symptom

MISFIT: frozenset[Symptom] = frozenset({"loss_stuck", "underfit", "zero_loss", "huge_loss"})
"""What any output can show itself by that does not fit its loss or its target."""


@dataclass(frozen=True)
class Finding:
    """Something that does not fit together at one output.

    Attributes:
        clue: the misfit itself.
        summary: what follows from it.
        remedy: the replay that tries the fix, "" where none can.
        where: what more is known of the place than the output, such as the rows.
    """

    clue: Clue
    summary: str
    fix: Fix
    remedy: str = ""
    more: tuple[Clue, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)


Rule = Callable[[Case, Output], Finding | None]


def testify(case: Case, rules: Iterable[Rule]) -> Testimony | None:
    """The testimony of the gravest finding at any output; None without one."""
    ends = outputs(case)
    found = [
        (finding, output)
        for output in ends
        for rule in rules
        if (finding := rule(case, output)) is not None
    ]
    if not found:
        return None
    finding, output = max(found, key=lambda pair: _weight(pair[0]))
    single = len(ends) == 1  # a replay with another loss can change the only one
    return Testimony(
        finding.summary,
        (finding.clue, *finding.more, *healthy_before(case)),
        finding.fix,
        {**output.place, **finding.where},
        finding.remedy if single else "",
    )


def healthy_before(case: Case) -> list[Clue]:
    """A configuration is to blame only where data, weights and predictions were sound."""
    if case.autopsy is None:
        return []
    found = [clues.data_finite(case), clues.weights_were_finite(case)]
    if not case.autopsy.predictions_finite:
        found.append(Clue(-3.0, "predictions of the batch", "not all finite", "all finite", False))
    return found


def _weight(finding: Finding) -> float:
    return sum(clue.weight for clue in (finding.clue, *finding.more))


def range_clue(output: Output, low: float, high: float, weight: float) -> tuple[Clue, ...]:
    """The predictions themselves, where they are known: do they keep to what the loss wants?

    Args:
        weight: what it says for the cause that they leave it; that they don't says as much
            against.
    """
    look = output.prediction
    if look is None or math.isnan(look.low):
        return ()
    kept = low <= look.low and look.high <= high
    seen = f"{words.number(look.low)} to {words.number(look.high)}"
    expected = f"{words.number(low)} to {words.number(high)}"
    return (Clue(-weight if kept else weight, "predictions", seen, expected, kept),)


def misfit(weight: float, output: Output, expected: str) -> Clue:
    """The clue of a last activation that the loss does not want."""
    return Clue(weight, f"last activation, under {output.call}", output.words, expected, False)
