"""A look at one array of a batch: what is not finite, where, and on which scale the rest lies.

Nothing in here may warn: a warning would appear in the user's training.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.autopsy import labels
from nanwatch.autopsy.cells import finite_of, numbers, row_numbers, sample, shape_of
from nanwatch.autopsy.outliers import outlying_rows
from nanwatch.diagnosis.looks import ArrayLook, ColumnLook, Role
from nanwatch.recorder.arrays import as_numpy

WIDEST = 5
"""So many columns of the largest scale are told."""
MOST_PLACES = 1000
"""No more rows or columns at fault than this are named."""


def look_at(role: Role, name: str, array: Any, column_names: tuple[str, ...] = ()) -> ArrayLook:
    """What `array`, of shape (rows, ...), looks like."""
    cells, dtype = numbers(array), str(as_numpy(array).dtype)
    if cells is None:
        return ArrayLook(role, name, shape_of(array, as_numpy(array)), dtype)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing
        return ArrayLook(
            role,
            name,
            shape_of(array, cells),
            dtype,
            **_faults(cells, row_numbers(array), column_names),
            **_features(cells, row_numbers(array), column_names),
        )


def _faults(
    cells: NDArray[Any], row_of: NDArray[np.int64] | None, names: tuple[str, ...]
) -> dict[str, Any]:
    """The cells that are not finite: how many, and where."""
    finite = np.isfinite(cells)
    if finite.all():
        return {}
    bad = np.argwhere(~finite)
    found = cells[tuple(bad.T)]
    columns = _unique(bad[:, -1]) if cells.ndim > 1 else ()
    rows = bad[:, :1] if row_of is None else row_of[bad[:, :1]]
    return {
        "n_nan": int(np.isnan(found).sum()),
        "n_inf": int(np.isinf(found).sum()),
        "rows": _unique(rows),
        "columns": columns,
        "column_names": tuple(names[column] for column in columns if column < len(names)),
    }


def _features(
    cells: NDArray[Any], row_of: NDArray[np.int64] | None, names: tuple[str, ...]
) -> dict[str, Any]:
    """What the finite cells are like."""
    some, finite = sample(cells), finite_of(cells)
    features = {
        "wide": _widest(some, names),
        "integral": labels.is_integral(finite),
        "distinct": labels.distinct_values(finite),
        "one_hot": labels.is_one_hot(some),
        "sums_to_one": labels.sums_to_one(some),
        **_ends(finite),
        **_spread(finite_of(some)),
    }
    if row_of is None:  # positions in the flat values of a ragged array are no rows
        features["row_spread"] = _row_spread(some)
        features["constant_columns"] = _constant(some)
        features["outliers"] = outlying_rows(cells)[:MOST_PLACES]
    return features


def _unique(positions: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(np.unique(positions)[:MOST_PLACES].tolist())


def _ends(finite: NDArray[Any]) -> dict[str, float]:
    if not finite.size:
        return {"low": math.nan, "high": math.nan}
    return {"low": float(finite.min()), "high": float(finite.max())}


def _spread(finite: NDArray[np.float64]) -> dict[str, float]:
    if not finite.size:
        return {"mean": math.nan, "std": math.nan}
    return {"mean": float(finite.mean()), "std": float(finite.std())}


def _row_spread(cells: NDArray[np.float64]) -> float:
    if not cells.ndim or not cells.size:
        return math.nan
    moved = (cells - cells[0]).reshape(len(cells), -1)  # exactly 0 where all rows are alike
    return float(np.nanmean(np.nanstd(moved, axis=0)))


def _constant(cells: NDArray[np.float64]) -> tuple[int, ...]:
    """The columns with one value in all rows, where there are rows to tell."""
    if cells.ndim < 2 or len(cells) < 2 or not cells.size:
        return ()
    rows = cells.reshape(-1, cells.shape[-1])
    return _unique(np.flatnonzero((rows == rows[0]).all(axis=0)))


def _widest(cells: NDArray[np.float64], names: tuple[str, ...]) -> tuple[ColumnLook, ...]:
    """The columns of a table whose scale is farthest from 1."""
    if cells.ndim != 2 or not cells.size:
        return ()
    scale = np.fmax(np.abs(np.nanmean(cells, axis=0)), np.nanstd(cells, axis=0))
    decades = np.where(np.isnan(scale), -1.0, np.log10(np.fmax(scale, 1.0)))
    farthest = np.argsort(-decades, kind="stable")[:WIDEST].tolist()
    return tuple(_column(at, cells[:, at], names) for at in farthest if decades[at] >= 0)


def _column(index: int, cells: NDArray[np.float64], names: tuple[str, ...]) -> ColumnLook:
    moments = {**_ends(finite_of(cells)), **_spread(finite_of(cells))}
    return ColumnLook(index, names[index] if index < len(names) else "", **moments)
