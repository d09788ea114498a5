"""Small cases for the causes' pages: what a failure looks like in figures, without running one."""

from __future__ import annotations

import math
from typing import Any

from nanwatch.diagnosis.case import Autopsy, Case, History, Trial
from nanwatch.diagnosis.looks import ArrayLook, ColumnLook, Role, VariableLook

CURED, FAILED = Trial(True, True, 40), Trial(False, False, 6)


def table(role: Role = "input", scale: float = 1.0, **changes: Any) -> ArrayLook:
    """A look at a healthy table of 32 rows whose cells spread by `scale`; `changes` as given."""
    column = ColumnLook(0, "", -2 * scale, 2 * scale, 0.1 * scale, scale)
    fields: dict[str, Any] = {
        "shape": (32, 4),
        "dtype": "float32",
        "low": -2 * scale,
        "high": 2 * scale,
        "mean": 0.1 * scale,
        "std": scale,
        "wide": (column,),
    }
    return ArrayLook(role, role, **{**fields, **changes})


def weights(gradient_norm: float = 1.0, finite: bool = True, gradient_finite: bool = True) -> Any:
    """A model's only variable before the step."""
    return (VariableLook("dense/kernel", "dense", finite, 2.0, gradient_finite, gradient_norm),)


def failed(
    *arrays: ArrayLook,
    losses: tuple[float, ...] = (1.0, 0.9, 0.8),
    grad_norms: tuple[float, ...] = (),
    autopsy: dict[str, Any] | None = None,
    optimizer: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
    **trials: Trial,
) -> Case:
    """A run whose loss became NaN after `losses`, on a batch of `arrays`."""
    looks = arrays or (table(), table("target"))
    chosen = optimizer or {"class": "SGD", "learning_rate": 0.01, "config": {}}
    return Case(
        "nan_loss",
        "critical",
        len(losses),
        "NaN",
        {"optimizer": chosen, **(facts or {})},
        History(
            loss=(*losses, math.nan),
            grad_norm=grad_norms,
            first_losses=losses[:16],
            seen=len(losses) + 1,
        ),
        Autopsy(arrays=looks, **{"variables": weights(), **(autopsy or {})}),
        trials,
    )
