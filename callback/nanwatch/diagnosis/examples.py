"""Small cases for the causes' pages: what a failure looks like in figures, without running one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from nanwatch.diagnosis.case import Autopsy, Case, History, Trial
from nanwatch.diagnosis.looks import ArrayLook, ColumnLook, ErrorLook, Role, VariableLook
from nanwatch.events import Symptom

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


def silent(
    symptom: Symptom,
    *looks: ArrayLook,
    losses: tuple[float, ...] = (1.0, 1.0, 1.0),
    facts: dict[str, Any] | None = None,
    autopsy: dict[str, Any] | None = None,
    **trials: Trial,
) -> Case:
    """A run with finite `losses` that went wrong all the same; `looks` with its predictions."""
    arrays = tuple(look for look in looks if look.role != "prediction")
    predictions = tuple(look for look in looks if look.role == "prediction")
    case = failed(*arrays, losses=losses, facts=facts)
    taken_apart = {"variables": weights(), "predictions": predictions, "loss": losses[-1]}
    return replace(
        case,
        symptom=symptom,
        severity="warning",
        trials=trials,
        history=replace(case.history, loss=losses, seen=len(losses)),
        autopsy=Autopsy(arrays=arrays, **{**taken_apart, **(autopsy or {})}),
    )


def output_facts(activation: str, loss: str, units: int = 1, **more: Any) -> dict[str, Any]:
    """The facts of a model with one output, its last activation and its loss.

    Args:
        more: arguments of the loss, but for "behind", "fed_by" and "custom" of the output.
    """
    placed = {name: more.pop(name) for name in ("behind", "fed_by") if name in more}
    told = {"class": loss, "custom": more.pop("custom", False), "config": more}
    end = {"name": "", "layer": "dense", "activation": activation, "units": units, "loss": told}
    return {"outputs": [{**end, **placed}]}


def labels(*values: float, width: int = 1, rows: int = 32, **changes: Any) -> ArrayLook:
    """A target of whole numbers, such as classes or zeros and ones."""
    shape = (rows, width) if width > 1 else (rows,)
    ends = {"low": min(values), "high": max(values), "mean": sum(values) / len(values)}
    told = {"shape": shape, "integral": True, "distinct": tuple(sorted(values)), **ends}
    return table("target", **{"wide": (), "std": 0.5, **told, **changes})


def one_hot(classes: int = 3) -> ArrayLook:
    """A target of one-hot rows."""
    return labels(0.0, 1.0, width=classes, one_hot=True, sums_to_one=True)


def predicted(low: float, high: float, units: int = 1, **changes: Any) -> ArrayLook:
    """A model's output between two values."""
    mean = (low + high) / 2
    fields = {"low": low, "high": high, "mean": mean, "std": (high - low) / 4, "wide": ()}
    return table("prediction", **{"shape": (32, units), **fields, "row_spread": 0.1, **changes})


def raised(message: str, *arrays: ArrayLook, **changes: Any) -> Case:
    """A run whose fit raised ValueError in its fourth step, on a batch of `arrays`."""
    case = failed(*arrays, **changes)
    return replace(case, symptom="exception", error=ErrorLook("ValueError", message))
