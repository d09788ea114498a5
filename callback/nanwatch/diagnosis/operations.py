"""Which single operation is at fault, of which family, and what its causes have in common.

An operation fails in one of two ways: it makes a value that is not finite, or it is finite itself
but has no finite slope there, and the gradient fails on the way back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue, Testimony
from nanwatch.diagnosis.families import SAFE, SAYS, Family
from nanwatch.diagnosis.looks import OperationLook
from nanwatch.diagnosis.scale import unit_scale_clue
from nanwatch.events import Fix, Symptom

Place = Literal["layer", "loss"]

SYMPTOMS: tuple[Symptom, ...] = ("nan_loss", "nan_val_only")
LARGEST_EXP = 88.0
"""exp of this is finite in single precision."""
SLOWER = ("lower_rate", "much_lower_rate")

_FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("Log", "Log1p", "Xlogy", "Xlog1py"), "logarithm"),
    **dict.fromkeys(("RealDiv", "Div", "Reciprocal", "Inv", "Rsqrt", "Xdivy"), "division"),
    **dict.fromkeys(("Sqrt", "EuclideanNorm", "Acos", "Asin", "Acosh", "Atan2"), "root"),
    **dict.fromkeys(("SqrtGrad", "RsqrtGrad"), "root"),
    **dict.fromkeys(("Exp", "Expm1", "Cosh", "Sinh"), "power"),
}


@dataclass(frozen=True)
class Fault:
    """An operation of the forward pass that is to blame.

    Attributes:
        in_slope: whether it was finite itself, and its slope was not.
        in_graph: whether both were finite, and only a compiled step fails there.
    """

    look: OperationLook
    family: Family | None
    place: Place
    in_slope: bool
    in_graph: bool = False


def fault_of(case: Case) -> Fault | None:
    """The operation that the failure comes from; None where no single one was made out."""
    found = case.autopsy.operation if case.autopsy else None
    if found is None and case.symptom == "nan_loss":
        return _fault_in_graph(case)
    if found is None or case.symptom not in SYMPTOMS or found.stage == "step":
        return None
    if found.stage != "gradient":
        return Fault(found, family_of(found), _place(found), in_slope=False)
    behind = _behind(case, found)
    return Fault(behind, family_of(behind, in_slope=True), _place(behind), in_slope=True)


def _fault_in_graph(case: Case) -> Fault | None:
    """What a compiled step rounds otherwise, where no operation fails by itself."""
    near = case.autopsy.near if case.autopsy and not case.autopsy.repeated else ()
    look = min(near, key=lambda one: one.low, default=None)
    if look is None:
        return None
    return Fault(look, family_of(look), _place(look), in_slope=False, in_graph=True)


def family_of(look: OperationLook, in_slope: bool = False) -> Family | None:
    """Which family an operation belongs to; a power may be a root or a division as well."""
    if look.kind != "Pow":
        return _FAMILIES.get(look.kind)
    if in_slope or not look.infinite:
        return "root"
    return "division" if look.exponent < 0 else "power"


def weigh_fault(
    case: Case,
    family: Family,
    place: Place,
    remedy: str,
    *,
    safe: str = "",
    more: tuple[Clue, ...] = (),
    also_try: tuple[str, ...] = (),
) -> Testimony | None:
    """Testimony of a cause whose operation is of `family`, in a layer or in the user's own loss.

    Args:
        safe: what to do, where that is another thing than for all of the family.
        more: further clues.
    """
    fault = fault_of(case)
    if fault is None or (fault.family, fault.place) != (family, place) or not is_plain(fault.look):
        return None
    if place == "loss" and not fault.look.source_line:
        return None  # a loss of the library's own
    found = [*fault_clues(case, fault), *more]
    says = SAYS[family].format(span=span(fault.look))
    summary = f"{subject(fault.look)} {says}{_slope_words(fault)}"
    fix = fix_for(fault.look, safe or SAFE[family])
    return Testimony(summary, found, fix, where(fault.look), remedy, also_try)


def is_plain(look: OperationLook) -> bool:
    """Whether neither half precision nor an empty mean or softmax explains the fault better."""
    return not look.empty and not lost_in_half(look) and not too_large_for_half(look)


def too_large_for_half(look: OperationLook) -> bool:
    """Whether a result of half precision is infinite that would be finite in single precision."""
    if look.dtype != "float16" or lost_in_half(look):
        return False
    family = family_of(look)
    return look.high < LARGEST_EXP if family == "power" else family is None


def lost_in_half(look: OperationLook) -> bool:
    """Whether a small constant is gone, or a library's own guard, in half precision."""
    guarded = family_of(look) is not None and not look.source_line and look.low <= 0 <= look.high
    return look.dtype == "float16" and (look.lost_epsilon or guarded)


def fault_clues(case: Case, fault: Fault) -> list[Clue]:
    """The operation itself, its line, and whether anything else could have been the first."""
    look = fault.look
    check = "first operation without a finite slope" if fault.in_slope else _FIRST
    found = [Clue(5.0, check, f"{look.kind} of {span(look)}", "none", healthy=False)]
    if fault.in_graph:
        check, seen = "operation that rounding decides", f"{look.kind} of {span(look)}"
        found = [Clue(3.0, check, seen, "of more than 6e-8", healthy=False)]
    if look.source_line:
        found.append(Clue(0.5, "line of code", f"{look.source_line}: {look.code}", "safe anywhere"))
    finite = case.autopsy is None or case.autopsy.data_finite
    seen = "all finite" if finite else "not all finite"
    found.append(Clue(0.5 if finite else -3.0, "cells of the batch", seen, "all finite", finite))
    return [*found, clues.weights_were_finite(case), clues.calm(case)]


_FIRST = "first operation with finite input whose output is not finite"


def span(look: OperationLook) -> str:
    """The range of what went into an operation."""
    if math.isnan(look.low):
        return "no number at all" if look.empty else "what is no number"
    if look.low == look.high:
        return words.number(look.low)
    return f"{words.number(look.low)} to {words.number(look.high)}"


def subject(look: OperationLook) -> str:
    """Where an operation stands, for the beginning of a sentence."""
    place = look.source_line or "The loss"
    if look.stage == "layer" or (look.layer and not look.source_line):
        return f"The layer {look.layer}" + (f" ({look.source_line})" if look.source_line else "")
    return place


def where(look: OperationLook) -> dict[str, Any]:
    """The layer, the line of code and the rows at fault, as far as they are known."""
    place = {
        "layer": look.layer,
        "operation": look.kind,
        "source_line": look.source_line,
        "rows": list(look.rows),
    }
    return {name: value for name, value in place.items() if value}


def fix_for(look: OperationLook, safe: str) -> Fix:
    """The safe form beside the line that needs it."""
    text, _, code = safe.partition("\n")
    line = f"# {look.source_line}\n- {look.code}\n" if look.code else ""
    return Fix(text, f"{line}{code}")


def overflow_clues(case: Case) -> tuple[Clue, ...]:
    """An overflow may be the end of a divergence, which shows in growth or a bad scale; and data
    that overflow nowhere once they are scaled are to be scaled.
    """
    scaled = case.cured("scale_inputs")
    slower = next((name for name in SLOWER if case.cured(name)), "")
    seen = "finite, and the loss falls" if slower else "not finite, or not tried"
    return (
        replace(clues.calm(case), check="loss before the overflow"),
        unit_scale_clue(case, -4.0 if scaled else -1.5),
        Clue(-1.5 if slower else 0.0, "replay with a lower rate", seen, "not finite either"),
    )


def _place(look: OperationLook) -> Place:
    in_layer = look.stage == "layer" or (look.stage == "gradient" and look.layer)
    return "layer" if in_layer else "loss"


def _behind(case: Case, found: OperationLook) -> OperationLook:
    """The forward operation whose slope failed, or the failing one where that is not known."""
    risks = case.autopsy.risks if case.autopsy else ()
    same = [risk for risk in risks if risk.source_line == found.source_line]
    return next((risk for risk in same if risk.layer == found.layer), found)


def _slope_words(fault: Fault) -> str:
    if fault.in_graph:
        return (
            ", which is finite by itself. A compiled step may sum up in another order, and so "
            "small a number is lost beside 1: of 1 - p + 1e-8 nothing is left where p is 1."
        )
    if not fault.in_slope:
        return "."
    return "; its value is finite there or masked, but its slope is not, and the gradient is lost."
