"""A look at one array of a batch: what is not finite, where, and on which scale the rest lies."""

from __future__ import annotations

import math
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from nanwatch.diagnosis.looks import ArrayLook, ColumnLook, Role
from nanwatch.recorder.arrays import as_numpy

WIDEST = 5


class Moments(TypedDict):
    """What describes the finite cells of an array; NaN where there is none."""

    low: float
    high: float
    mean: float
    std: float


def look_at(role: Role, name: str, array: Any, column_names: tuple[str, ...] = ()) -> ArrayLook:
    """What `array`, of shape (rows, ...), looks like."""
    cells = as_numpy(array)
    if cells.dtype.kind not in "fiub" and cells.dtype.name != "bfloat16":
        return ArrayLook(role, name, cells.shape, str(cells.dtype))
    wide = cells.astype(np.float64)
    bad = np.argwhere(~np.isfinite(wide))
    columns = _unique(bad, -1) if wide.ndim > 1 else ()
    return ArrayLook(
        role,
        name,
        cells.shape,
        str(cells.dtype),
        n_nan=int(np.isnan(wide).sum()),
        n_inf=int(np.isinf(wide).sum()),
        rows=_unique(bad, 0) if wide.ndim else (),
        columns=columns,
        column_names=_names(columns, column_names),
        wide=_widest(wide, column_names),
        **_moments(wide),
    )


def _unique(bad: NDArray[np.int64], axis: int) -> tuple[int, ...]:
    return tuple(np.unique(bad[:, axis]).tolist()) if len(bad) else ()


def _names(columns: tuple[int, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(names[column] for column in columns) if names else ()


def _moments(cells: NDArray[np.float64]) -> Moments:
    finite = cells[np.isfinite(cells)]
    if not finite.size:
        return {"low": math.nan, "high": math.nan, "mean": math.nan, "std": math.nan}
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            "low": float(finite.min()),
            "high": float(finite.max()),
            "mean": float(finite.mean()),
            "std": float(finite.std()),
        }


def _widest(cells: NDArray[np.float64], names: tuple[str, ...]) -> tuple[ColumnLook, ...]:
    """The columns of a table whose scale is farthest from 1."""
    if cells.ndim != 2 or not cells.size:
        return ()
    looks = [_column(index, cells[:, index], names) for index in range(cells.shape[1])]
    known = [look for look in looks if not math.isnan(look.mean)]
    return tuple(sorted(known, key=lambda look: -distance_from_unit(look))[:WIDEST])


def _column(index: int, cells: NDArray[np.float64], names: tuple[str, ...]) -> ColumnLook:
    return ColumnLook(index, names[index] if index < len(names) else "", **_moments(cells))


def distance_from_unit(look: ColumnLook) -> float:
    """How many decades a column's scale lies above 1; columns below 1 count as 0."""
    scale = max(abs(look.mean), look.std)
    return max(0.0, math.log10(scale)) if scale > 0 and math.isfinite(scale) else 0.0
