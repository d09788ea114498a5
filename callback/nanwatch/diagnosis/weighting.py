"""Weights of classes, rows and outputs: which of them cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import CROSSENTROPIES, outputs
from nanwatch.diagnosis.words import number
from nanwatch.events import Symptom

SYMPTOMS: frozenset[Symptom] = frozenset(
    {
        "nan_loss",
        "negative_loss",
        "zero_loss",
        "exploding_loss",
        "loss_spike",
        "huge_loss",
        "loss_stuck",
        "underfit",
        "oscillating",
    }
)
"""What weights that cannot be meant show themselves by."""
HUGE = 1000.0
"""A weight above this, or this many times the smallest one, drowns all others."""
CENTRED = 0.5
"""Weights whose mean is nearer to 0 than this many of their spreads favour neither sign."""


class BadWeight(NamedTuple):
    """A weight that cannot be meant.

    Attributes:
        owner: the class or output that it belongs to.
        fault: "not finite", "negative", "huge" or "nothing".
    """

    owner: str
    value: float
    fault: str

    @property
    def clue(self) -> Clue:
        """What it says for the cause."""
        strength = {"not finite": 6.0, "nothing": 3.0, "negative": 4.5, "huge": 3.0}[self.fault]
        if self.fault == "huge":  # a decade above the limit counts a half
            strength = min(6.0, strength + 0.5 * math.log10(self.value / HUGE))
        return Clue(strength, f"weight of {self.owner}", number(self.value), "around 1", False)


def class_weights(case: Case) -> dict[str, float]:
    """The weights that `fit` was given for the classes; empty without any."""
    given = case.facts.get("class_weight")
    return {str(k): float(v) for k, v in given.items()} if isinstance(given, Mapping) else {}


def loss_weights(case: Case) -> dict[str, float]:
    """The weights of the outputs' losses, where there are any."""
    return told_weights(case.facts)


def all_loss_weights(case: Case) -> dict[str, float]:
    """The same; of a case of one output, those of the others as well."""
    known: Mapping[str, float] | None = case.facts.get("loss_weights")
    return loss_weights(case) if known is None else dict(known)


def told_weights(facts: Mapping[str, Any]) -> dict[str, float]:
    """The same, by the facts of the whole model."""
    told = [(name_of(one), one.get("loss_weight")) for one in facts.get("outputs") or ()]
    return {name: float(value) for name, value in told if isinstance(value, int | float | str)}


def rewards(case: Case) -> set[str]:
    """Outputs whose loss is the user's own and may well be meant to rise, such as an entropy."""
    return {name_of(one) for one in _outputs(case) if (one.get("loss") or {}).get("custom")}


def name_of(output: Mapping[str, Any]) -> str:
    """An output's name, for people."""
    return str(output.get("name") or "the output")


def _outputs(case: Case) -> list[Mapping[str, Any]]:
    return list(case.facts.get("outputs") or ())


def bad_weight(weights: Mapping[str, float], what: str) -> BadWeight | None:
    """The worst of the weights, None when all are usable."""
    finite = {name: value for name, value in weights.items() if math.isfinite(value)}
    for name, value in weights.items():
        if name not in finite:
            return BadWeight(f"{what} {name}", value, "not finite")
    for name, value in finite.items():
        if value < 0:
            return BadWeight(f"{what} {name}", value, "negative")
    if finite and not any(finite.values()):
        owner = f"every {what}" if len(finite) > 1 else f"{what} {next(iter(finite))}"
        return BadWeight(owner, 0.0, "nothing")
    return _huge(finite, what)


def _huge(weights: Mapping[str, float], what: str) -> BadWeight | None:
    positive = [value for value in weights.values() if value > 0]
    name = max(weights, key=weights.__getitem__, default=None)
    if name is None or not positive:
        return None
    value = weights[name]
    is_huge = value > HUGE * max(min(positive), 1e-9) or value > HUGE
    return BadWeight(f"{what} {name}", value, "huge") if is_huge else None


def pulls_both_ways(case: Case) -> bool:
    """Whether rows are weighed up and down on purpose, as the advantages of a policy gradient are.

    Then the loss of a likelihood is meant to rise for some rows; its level says nothing.
    """
    ends = outputs(case)
    likelihoods = ends and all(one.custom or one.loss in CROSSENTROPIES for one in ends)
    looks = [look for look in case.arrays("sample_weight") if look.low < 0 < look.high]
    centred = any(abs(look.mean) < CENTRED * look.std for look in looks)
    return bool(centred and likelihoods and not class_weights(case))


def bad_rows(look: ArrayLook) -> BadWeight | None:
    """Sample weights that are finite and cannot be meant."""
    if look.low == look.high == 0:
        return BadWeight("every row", 0.0, "nothing")
    if look.low < 0:
        return BadWeight("a row", look.low, "negative")
    everywhere = look.mean > HUGE
    if look.high > HUGE and (everywhere or look.outliers or look.high > HUGE * look.mean):
        return BadWeight("a row", look.high, "huge")
    return None
