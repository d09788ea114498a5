"""Each layer's gradient and weight norms, from the row that the step returns."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nanwatch.recorder.naming import layer_of


def layer_series(
    model: str, variables: tuple[str, ...], norms: NDArray[np.float64]
) -> dict[str, float]:
    """The points `layer/<name>/grad_norm` and `layer/<name>/weight_norm` of one step.

    Args:
        variables: paths of the variables, in the order of `norms`.
        norms: each variable's gradient norm, then each one's weight norm.
    """
    count = len(variables)
    if len(norms) != 2 * count:
        return {}
    series: dict[str, float] = {}
    for kind, values in (("grad_norm", norms[:count]), ("weight_norm", norms[count:])):
        for path, value in zip(variables, values.tolist(), strict=True):
            name = f"layer/{layer_of(path, model)}/{kind}"
            series[name] = math.hypot(series.get(name, 0.0), value)
    return series
