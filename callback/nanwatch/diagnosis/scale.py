"""On which scale the data lie, and whether the model brings them to another."""

from __future__ import annotations

import math

from nanwatch.diagnosis import words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.looks import ArrayLook, Role
from nanwatch.diagnosis.silent import best, does_not_learn

NORMALIZERS = ("Normalization", "BatchNormalization", "LayerNormalization", "Rescaling")
LOOKUPS = ("Embedding", "CategoryEncoding", "Hashing", "IntegerLookup", "Discretization")
FAR = 5.0
"""A scale this many times 1 is no longer about 1."""
BOTH = "scale_both"


def scale_of(look: ArrayLook) -> float:
    """The scale of the widest column, else of the whole: its mean or its spread, if larger."""
    scales = [max(abs(column.mean), column.std) for column in look.wide]
    scales.append(max(abs(look.mean), look.std))
    return max((scale for scale in scales if not math.isnan(scale)), default=0.0)


def largest_scale(case: Case) -> float:
    """The largest scale among measured inputs and targets; 1 when nothing was looked at.

    That of the whole data set counts as well: an earlier batch may have done the harm.
    """
    looks = [*measured(case, "input"), *measured(case, "target"), *measured_in_data(case)]
    return max((scale_of(look) for look in looks), default=1.0)


def measured(case: Case, role: Role) -> list[ArrayLook]:
    """The batch's arrays that hold measurements, not ids or classes.

    Whole numbers are ids where a layer looks something up, and classes under a crossentropy.
    """
    return [look for look in case.arrays(role) if _is_measured(case, look)]


def measured_in_data(case: Case) -> list[ArrayLook]:
    """The same of the data set, or of the run's first batch."""
    looks = (look for look in case.data if look.role in ("input", "target"))
    return [look for look in looks if _is_measured(case, look)]


def _is_measured(case: Case, look: ArrayLook) -> bool:
    coded = has_layer(case, LOOKUPS) if look.role == "input" else _classifies(case)
    kinds = ("float", "bfloat") if coded else ("float", "bfloat", "int", "uint")
    return look.dtype.startswith(kinds)


def _classifies(case: Case) -> bool:
    losses = case.facts.get("loss") or []
    names = [str(loss.get("class", "")).lower().replace("_", "") for loss in losses]
    return any("crossentropy" in name for name in names)


def scale_clue(look: ArrayLook, check: str, most: float = 4.0) -> Clue:
    """The farther from 1, the more it explains: one log-odds a decade above 3.

    A scale that a few absurd rows make up is not that of the data.

    Args:
        most: what a scale of thousands and more weighs.
    """
    scale = scale_of(look)
    if look.outliers:
        seen = f"{words.number(scale)}, through {words.places('row', look.outliers)}"
        return Clue(-2.0, check, seen, "about 1", healthy=False)
    weight = min(most, max(0.0, 1.2 * math.log10(scale / 3)))
    return Clue(weight, check, words.number(scale), "about 1", scale < FAR)


def unit_scale_clue(case: Case, far: float) -> Clue:
    """Data far from unit scale explain a divergence by themselves; a few units do not yet.

    Args:
        far: the weight, in log-odds, against a cause that needs data of an ordinary scale.
    """
    scale = largest_scale(case)
    weight = 0.5 if scale < FAR else -0.5 if scale < 30 else far
    return Clue(weight, "scale of inputs and targets", words.number(scale), "about 1", scale < FAR)


def has_layer(case: Case, kinds: tuple[str, ...]) -> bool:
    """Whether the model has a layer of one of these classes."""
    return any(layer.get("class") in kinds for layer in case.layers)


def raw_inputs_clue(case: Case, against: float) -> Clue:
    """Inputs of a large scale that no layer normalises drive units to their ends by themselves.

    Args:
        against: the weight, in log-odds, against a cause that is looked for in the units.
    """
    scale = max((scale_of(look) for look in measured(case, "input")), default=1.0)
    raw = scale >= FAR and not has_layer(case, NORMALIZERS)
    weight = against if raw else 0.5
    return Clue(weight, "scale of the inputs", words.number(scale), "about 1", not raw)


def scaling(case: Case, alone: str) -> str:
    """The remedy that scales: `alone`, or "scale_both" where inputs and targets need it together.

    Where the loss stayed finite, the one that gains more.
    """
    if does_not_learn(case):
        return best(case, (alone, BOTH))
    cured = {name for name, trial in case.trials.items() if trial.cured}
    return BOTH if BOTH in cured and not cured & {"scale_inputs", "scale_targets"} else alone
