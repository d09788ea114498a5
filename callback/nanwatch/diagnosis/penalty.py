"""Penalties on the weights, and when their own step overshoots, whatever the data say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nanwatch.diagnosis import words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.network import portraits

USUAL_L2, USUAL_RATE = 0.01, 0.1
"""What is high, but still usual, for a penalty and for plain gradient descent."""
NEARLY_ALL = 0.9
"""From this share of the loss on, a penalty is what is trained."""


@dataclass(frozen=True)
class Penalty:
    """One penalty.

    Attributes:
        name: what it is, for people.
        layer: the layer that it is on, or "".
        strength: half the curvature that it adds to the loss: the factor of L2; 0 when not known.
        decoupled: whether the optimizer applies it beside its own step, not through the gradient.
    """

    name: str
    layer: str
    strength: float
    decoupled: bool = False


def penalties(case: Case) -> list[Penalty]:
    """Every penalty of the model and its optimizer, the strongest first."""
    found = [
        Penalty(f"penalty of {layer.get('name', '')}", str(layer.get("name", "")), _l2(penalty))
        for layer in case.layers
        for penalty in (layer.get("regularizers") or {}).values()
    ]
    decay = (case.optimizer.get("config") or {}).get("weight_decay")
    if isinstance(decay, int | float) and decay > 0:
        found.append(Penalty("weight decay of the optimizer", "", decay / 2, decoupled=True))
    if not any(penalty.layer for penalty in found):
        found += _added(case)
    return sorted(found, key=lambda penalty: -penalty.strength)


def _added(case: Case) -> list[Penalty]:
    """What the user's own code adds to a loss, where that is nearly all of it."""
    alone = not case.facts.get("loss")
    if alone or penalty_share(case) < NEARLY_ALL:
        return []
    return [Penalty("penalty that add_loss gives", "", 0.0)]


def _l2(penalty: dict[str, Any]) -> float:
    return float(penalty.get("l2") or 0.0)


def penalty_share(case: Case) -> float:
    """The largest share of the loss that penalties ever made up: 0 when it is not known."""
    known = [p.penalty / p.loss for p in portraits(case) if 0 < p.loss < math.inf]
    return max(known, default=0.0)


def overshoot(case: Case, penalty: Penalty) -> float:
    """How far a plain step on the penalty alone goes, as a multiple of what stays stable.

    Gradient descent with momentum m on the curvature 2·l2 diverges when rate·2·l2 > 2·(1 + m).
    Decoupled weight decay knows no momentum.
    """
    momentum = 0.0 if penalty.decoupled else (case.optimizer.get("config") or {}).get("momentum")
    momentum = momentum if isinstance(momentum, int | float) else 0.0
    return pull(case, penalty) / 2 / (1 + momentum)


def pull(case: Case, penalty: Penalty) -> float:
    """Which share of a weight one step takes away, whatever the data say.

    0 where that is not known: through the gradient adaptive methods take steps of their own length.
    """
    plain = penalty.decoupled or case.optimizer.get("class") == "SGD"
    return 2 * (case.learning_rate or 0.0) * penalty.strength if plain else 0.0


def is_to_blame(case: Case) -> bool:
    """Whether a penalty diverges by itself, and lies farther from what is usual than the rate."""
    return any(
        overshoot(case, penalty) > 1
        and penalty.strength / USUAL_L2 >= (case.learning_rate or 0.0) / USUAL_RATE
        for penalty in penalties(case)
    )


def overshoot_clues(case: Case, penalty: Penalty) -> list[Clue]:
    """The proof, where it is known, that the penalty's own step diverges."""
    ratio = overshoot(case, penalty)
    if not ratio or math.isnan(ratio):
        return []
    weight = (4.0 if is_to_blame(case) else 1.0) if ratio > 1 else -1.0
    check = "penalty's own step, as a share of the largest stable one"
    return [Clue(weight, check, words.number(ratio), "below 1")]


def blameless_clue(case: Case) -> Clue:
    """For causes that need no penalty: one that diverges by itself explains all of the growth."""
    blamed = is_to_blame(case)
    seen = "diverges by itself" if blamed else "does not diverge by itself"
    return Clue(-2.5 if blamed else 0.0, "penalty on the weights", seen, "a small one, or none")
