"""Each layer's gradient and weight norms, from the row that the step returns."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nanwatch.recorder.naming import layer_of


def layer_series(
    model: str, variables: tuple[str, ...], row: NDArray[np.float64]
) -> dict[str, float]:
    """The points `layer/<name>/grad_norm` and `layer/<name>/weight_norm` of one step.

    Args:
        variables: paths of the variables, in the row's order.
        row: the step's numbers; the gradient norms and then the weight norms stand at its end.
    """
    count = len(variables)
    if not count or len(row) < 2 * count:
        return {}
    norms = {"grad_norm": row[-2 * count : -count], "weight_norm": row[-count:]}
    series: dict[str, float] = {}
    for kind, values in norms.items():
        for path, value in zip(variables, values.tolist(), strict=True):
            name = f"layer/{layer_of(path, model)}/{kind}"
            series[name] = math.hypot(series.get(name, 0.0), value)
    return series
