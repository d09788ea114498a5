"""Small cases of runs that stayed finite and learnt nothing, for the causes' pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nanwatch.diagnosis.case import Autopsy, Case, Trial
from nanwatch.diagnosis.examples import failed, weights
from nanwatch.diagnosis.looks import ArrayLook, LayerLook, VariableLook
from nanwatch.events import Symptom


def idle(
    *arrays: ArrayLook,
    symptom: Symptom = "loss_stuck",
    losses: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0),
    autopsy: dict[str, Any] | None = None,
    history: dict[str, Any] | None = None,
    optimizer: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    **lasts: float,
) -> Case:
    """A run that got no better than a constant guess, whose loss is 1.

    Args:
        autopsy: what its portraits show, of the beginning and of the end.
        lasts: the final losses of replays by their names; "as_it_is" is 1.
    """
    case = failed(*arrays, losses=losses, optimizer=optimizer, facts=facts)
    portrait = Autopsy(
        arrays=case.arrays("input") + case.arrays("target"),
        **{"variables": weights(), "loss": losses[-1], **(autopsy or {})},
    )
    ends = {"as_it_is": 1.0, **lasts} if lasts else {}
    return replace(
        case,
        symptom=symptom,
        severity="warning",
        history=replace(case.history, **{"loss": losses, "seen": len(losses), **(history or {})}),
        autopsy=portrait,
        beginning=portrait,
        trials={name: Trial(True, last < 1.0, 100, 1.0, last) for name, last in ends.items()},
        constant_loss=1.0,
    )


def layer(name: str, activation: str = "", kind: str = "Dense", **changes: Any) -> LayerLook:
    """A layer of 16 units in a healthy forward pass; `changes` as given."""
    fields = {"units": 16, "dead_share": 0.1, "saturated_share": 0.1, "input_largest": 2.0}
    return LayerLook(name, kind, True, True, 2.0, activation, **{**fields, **changes})


def kernel(name: str, norm: float = 4.0, gradient: float = 1.0, **changes: Any) -> VariableLook:
    """A kernel of 16 by 16 weights; of norm 4 it keeps activations at their scale."""
    told = {"size": 256, **changes}
    return VariableLook(f"{name}/kernel", name, True, norm, True, gradient, **told)
