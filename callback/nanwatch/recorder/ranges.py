"""The range, mean and spread of every array of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.recorder.arrays import as_numpy, named_arrays


def data_series(model: Any, batch: Any) -> dict[str, float]:
    """Points `input/<name>/min`, `max`, `mean`, `std`; the same for targets and sample weights.

    Integers, such as labels, have a range only, and text has none.
    """
    series: dict[str, float] = {}
    for role, name, array in named_arrays(model, batch):
        for kind, value in _measures(as_numpy(array)).items():
            series[f"{role}/{name}/{kind}"] = value
    return series


def _measures(cells: NDArray[Any]) -> dict[str, float]:
    if not cells.size or (cells.dtype.kind not in "fiu" and cells.dtype.name != "bfloat16"):
        return {}
    with np.errstate(all="ignore"):  # the least of bfloat16 with a NaN warns
        measures = {"min": float(cells.min()), "max": float(cells.max())}
    if cells.dtype.kind not in "iu":
        wide = np.float64 if cells.dtype != np.float32 else np.float32  # half precision overflows
        with np.errstate(all="ignore"):
            measures["mean"] = float(cells.mean(dtype=wide))
            measures["std"] = float(cells.std(dtype=wide))
    return measures
