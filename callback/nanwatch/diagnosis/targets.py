"""What kind of target an array is, told by its numbers alone."""

from __future__ import annotations

import math
from typing import Literal

from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import width
from nanwatch.diagnosis.words import number

Kind = Literal[
    "binary", "signs", "classes", "one_hot", "multi_label", "distribution", "unit", "numbers", ""
]
KIND_WORDS: dict[Kind, str] = {
    "binary": "0 or 1",
    "signs": "-1 or 1",
    "classes": "class numbers",
    "one_hot": "one-hot rows",
    "multi_label": "rows of several 0 and 1",
    "distribution": "rows that sum to 1",
    "unit": "numbers between 0 and 1",
    "numbers": "free numbers",
    "": "not known",
}
MOST_CLASSES = 1000
"""Whole numbers of a wider range are amounts."""


def kind_of(look: ArrayLook | None) -> Kind:
    """The kind of a target; "" when there is none, or it holds nothing finite."""
    if look is None or math.isnan(look.low):
        return ""
    if look.integral and set(look.distinct) in ({0.0, 1.0}, {0.0}, {1.0}):
        return _of_zeros_and_ones(look)
    if look.integral and set(look.distinct) == {-1.0, 1.0}:
        return "signs"
    if look.sums_to_one and width(look) > 1:
        return "distribution"
    if _are_classes(look):
        return "classes"
    return "unit" if look.low >= 0 and look.high <= 1 and not look.integral else "numbers"


def words(look: ArrayLook) -> str:
    """A target in words: "class numbers from 0 to 9"."""
    kind = kind_of(look)
    if kind in ("classes", "numbers", "unit"):
        return f"{KIND_WORDS[kind]} from {number(look.low)} to {number(look.high)}"
    return KIND_WORDS[kind]


def _of_zeros_and_ones(look: ArrayLook) -> Kind:
    if width(look) == 1 or len(look.shape) > 2:
        return "one_hot" if look.one_hot and width(look) > 1 else "binary"
    return "one_hot" if look.one_hot else "multi_label"


def _are_classes(look: ArrayLook) -> bool:
    """Whole numbers from 0 or 1 on without large holes, one a row."""
    if not look.integral or not look.distinct or look.low not in (0.0, 1.0) or width(look) > 1:
        return False
    possible = look.high - look.low + 1
    return possible <= MOST_CLASSES and len(look.distinct) >= 0.5 * min(possible, look.shape[0])
