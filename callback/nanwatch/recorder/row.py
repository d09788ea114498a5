"""The row of numbers that an instrumented step returns, and what stands where in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.recorder.naming import layer_of

CHECKS = ("batch", "predictions", "loss", "gradients", "weights")
"""What is checked for NaN and infinity, in the order in which it comes to be."""

Row = NDArray[np.float64]

UNKNOWN = -1.0
"""Stands in place of a norm that was not measured in this step."""


@dataclass(frozen=True)
class Layout:
    """What stands where: flags of `CHECKS`, points, norms of each variable, points of the data.

    Attributes:
        points: the series of the step's points, losses last.
        variables: the paths of the variables that the step updates.
        norms: how many norms of each variable follow: gradient, weight and perhaps update.
        data: the series of the data's points, where they are part of the row.
    """

    points: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    norms: int = 2
    data: tuple[str, ...] = ()

    def faults(self, row: NDArray[np.float64]) -> tuple[str, ...]:
        """What was not finite."""
        # Over several replicas a flag is a mean: one bad replica is enough.
        flags = row[: len(CHECKS)].tolist()
        return tuple(name for name, flag in zip(CHECKS, flags, strict=True) if flag < 1.0)

    def values(self, row: NDArray[np.float64]) -> list[float]:
        """The values of `points`."""
        values: list[float] = row[len(CHECKS) : len(CHECKS) + len(self.points)].tolist()
        return values

    def details(
        self, row: NDArray[np.float64], model: str, moves: NDArray[np.float64] | None = None
    ) -> dict[str, float]:
        """The points of every layer, and of the data where the row holds them.

        Args:
            model: the model's name, with which the paths of its variables may begin.
            moves: the norm of each variable's update, where the row does not hold it.
        """
        begin = len(CHECKS) + len(self.points)
        end = begin + self.norms * len(self.variables)
        norms = row[begin:end].reshape(self.norms, -1)
        norms = norms if moves is None else np.vstack([norms, moves])
        data = dict(zip(self.data, row[end:].tolist(), strict=True))
        return layer_series(model, self.variables, norms) | data


def layer_series(
    model: str, variables: tuple[str, ...], norms: NDArray[np.float64]
) -> dict[str, float]:
    """Points `layer/<name>/grad_norm`, `.../weight_norm`, `.../update_ratio`, `batch/update_ratio`.

    Args:
        variables: paths of the variables.
        norms: shape (2 or 3, variables): norms of gradients, of weights, and of updates where
            they are known.
    """
    layers = [layer_of(path, model) for path in variables]
    series: dict[str, float] = {}
    for kind, row in zip(("grad_norm", "weight_norm"), norms.tolist(), strict=False):
        for layer, norm in zip(layers, row, strict=True):
            name = f"layer/{layer}/{kind}"
            series[name] = math.hypot(series.get(name, 0.0), norm)
    if len(norms) > 2 and norms.size and norms[2, 0] != UNKNOWN:
        series |= _ratios(layers, norms[1], norms[2])
    return series


def _ratios(
    layers: list[str], weights: NDArray[np.float64], updates: NDArray[np.float64]
) -> dict[str, float]:
    """How far an update moved the weights, against their length; none for weights of zero."""
    parts: dict[str, Any] = {"batch/update_ratio": slice(None)}
    for index, layer in enumerate(layers):
        parts.setdefault(f"layer/{layer}/update_ratio", []).append(index)
    lengths = {name: float(np.linalg.norm(weights[part])) for name, part in parts.items()}
    return {
        name: float(np.linalg.norm(updates[part])) / lengths[name]
        for name, part in parts.items()
        if lengths[name] > 0.0
    }
