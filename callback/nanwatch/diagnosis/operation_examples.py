"""Small cases in which a single operation fails, for the causes' pages."""

from __future__ import annotations

from typing import Any

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.examples import failed, weights
from nanwatch.diagnosis.looks import OperationLook, Stage

LINE = {"source_line": "train.py:12", "code": "return ops.mean(f(y_pred))"}


def in_loss(kind: str, low: float, high: float, **changes: Any) -> Case:
    """A loss of the user's own that fails in an operation over `low` to `high`."""
    look = OperationLook(kind, "loss", low=low, high=high, **{**LINE, **_looks(changes)})
    return _case(look, changes, {"loss": float("nan")})


def in_layer(kind: str, low: float, high: float, **changes: Any) -> Case:
    """A layer that fails in an operation over `low` to `high`."""
    own = {"layer": "custom", **LINE, **_looks(changes)}
    look = OperationLook(kind, "layer", low=low, high=high, **own)
    return _case(look, changes, {"predictions_finite": False})


def in_slope(kind: str, stage: Stage, low: float, high: float, **changes: Any) -> Case:
    """An operation of the forward pass, finite itself, whose slope over `low` to `high` is not."""
    own = {"layer": "custom" if stage == "layer" else "", **LINE, **_looks(changes)}
    look = OperationLook(kind, stage, low=low, high=high, **own)
    back = OperationLook("Mul", "gradient", low=low, high=high, **own)
    return _case(back, changes, {"loss": 0.3, "risks": (look,), "variables": LOST})


def in_graph(kind: str, low: float, high: float, **changes: Any) -> Case:
    """A loss of the user's own that fails only in a compiled step, where rounding decides."""
    look = OperationLook(kind, "loss", low=low, high=high, **{**LINE, **_looks(changes)})
    others = {name: value for name, value in changes.items() if name not in _FIELDS}
    return failed(autopsy={"loss": 0.2, "near": (look,)}, **others)


LOST = weights(gradient_finite=False)


def _looks(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if name in _FIELDS}


def _case(look: OperationLook, changes: dict[str, Any], autopsy: dict[str, Any]) -> Case:
    others = {name: value for name, value in changes.items() if name not in _FIELDS}
    return failed(autopsy={"operation": look, **autopsy}, **others)


_FIELDS = set(OperationLook.__dataclass_fields__) - {"kind", "stage", "low", "high"}
