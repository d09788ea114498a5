"""Weights of classes, rows and outputs: which of them cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.words import number

HUGE = 1000.0
"""A weight above this, or this many times the smallest one, drowns all others."""


class BadWeight(NamedTuple):
    """A weight that cannot be meant.

    Attributes:
        owner: the class or output that it belongs to.
        fault: "not finite", "negative" or "huge".
    """

    owner: str
    value: float
    fault: str

    @property
    def clue(self) -> Clue:
        """What it says for the cause."""
        strength = {"not finite": 6.0, "negative": 4.5, "huge": 3.0}[self.fault]
        if self.fault == "huge":  # a decade above the limit counts a half
            strength = min(6.0, strength + 0.5 * math.log10(self.value / HUGE))
        return Clue(strength, f"weight of {self.owner}", number(self.value), "around 1", False)


def class_weights(case: Case) -> dict[str, float]:
    """The weights that `fit` was given for the classes; empty without any."""
    given = case.facts.get("class_weight")
    return {str(k): float(v) for k, v in given.items()} if isinstance(given, Mapping) else {}


def loss_weights(case: Case) -> dict[str, float]:
    """The weights of the outputs' losses, where there are any."""
    told = [(str(o.get("name") or "the output"), o.get("loss_weight")) for o in _outputs(case)]
    return {name: float(value) for name, value in told if isinstance(value, int | float | str)}


def _outputs(case: Case) -> list[Mapping[str, object]]:
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
    return _huge(finite, what)


def _huge(weights: Mapping[str, float], what: str) -> BadWeight | None:
    positive = [value for value in weights.values() if value > 0]
    name = max(weights, key=weights.__getitem__, default=None)
    if name is None or not positive:
        return None
    value = weights[name]
    is_huge = value > HUGE * max(min(positive), 1e-9) or value > HUGE
    return BadWeight(f"{what} {name}", value, "huge") if is_huge else None


def bad_rows(look: ArrayLook) -> BadWeight | None:
    """Sample weights that are finite and cannot be meant."""
    if look.low < 0:
        return BadWeight("a row", look.low, "negative")
    if look.high > HUGE * max(abs(look.mean), 1.0) or (look.outliers and look.high > HUGE):
        return BadWeight("a row", look.high, "huge")
    return None
