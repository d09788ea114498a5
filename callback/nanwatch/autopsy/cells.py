"""The cells of an array as numbers that can be reckoned with, whatever holds them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.recorder.arrays import as_numpy

MOST = 250_000
"""Of an array with more cells than this, evenly spaced rows stand for all where it may be so."""


def numbers(array: Any) -> NDArray[Any] | None:
    """The cells as bool, int or a float type that NumPy reckons with; None for texts and such."""
    cells = as_numpy(array)
    if cells.dtype.name in ("bfloat16", "float16"):
        return cells.astype(np.float32)
    if cells.dtype == object:
        return _unboxed(cells)
    return cells if cells.dtype.kind in "fiub" else None


def _unboxed(cells: NDArray[Any]) -> NDArray[Any] | None:
    try:
        return cells.astype(np.float64)
    except (TypeError, ValueError):  # texts, or rows of different lengths
        return None


def sample(cells: NDArray[Any]) -> NDArray[np.float64]:
    """All rows, or evenly spaced ones of a huge array; NaN for what is not finite."""
    chosen = cells[:: stride_of(cells)] if cells.ndim else cells
    wide = chosen.astype(np.float64)
    return np.where(np.isfinite(wide), wide, np.nan)


def stride_of(cells: NDArray[Any]) -> int:
    """Every how many rows `sample` takes one."""
    return max(1, math.ceil(cells.size / MOST))


def finite_of(cells: NDArray[Any]) -> NDArray[Any]:
    """The finite cells, flat; no copy is made where all are."""
    finite = np.isfinite(cells)
    return cells.ravel() if finite.all() else cells[finite]


def shape_of(array: Any, cells: NDArray[Any]) -> tuple[int, ...]:
    """The shape; of a ragged or sparse array that of the box that it fits in."""
    if hasattr(array, "bounding_shape"):
        return tuple(int(size) for size in np.asarray(array.bounding_shape()))
    dense = getattr(array, "dense_shape", None)
    return cells.shape if dense is None else tuple(int(size) for size in np.asarray(dense))


def row_numbers(array: Any) -> NDArray[np.int64] | None:
    """The row of the batch in which each flat value of a ragged or sparse array stands."""
    if hasattr(array, "value_rowids"):
        rows, inner = np.asarray(array.value_rowids()), array.values
        while hasattr(inner, "value_rowids"):
            rows, inner = rows[np.asarray(inner.value_rowids())], inner.values
        return np.asarray(rows, np.int64)
    indices = getattr(array, "indices", None)
    if indices is None or getattr(array, "dense_shape", None) is None:
        return None
    return np.asarray(indices)[:, 0].astype(np.int64)
