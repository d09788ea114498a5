"""What tells labels from measurements: whole numbers, few values, rows that choose a class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_DISTINCT = 16
GLANCE = 1000
"""So many cells are asked first, which mostly settles it."""
MOST_COUNTED = 4096
"""Whole numbers below this are counted rather than sorted."""
NEAR_ONE = 1e-3
"""So far from 1 a row of probabilities may sum up to, by half precision."""


def is_integral(finite: NDArray[Any]) -> bool:
    """Whether all these cells are whole numbers, and there is one."""
    if finite.dtype.kind in "iub":
        return finite.size > 0
    parts = (finite[:GLANCE], finite)
    return finite.size > 0 and all(np.array_equal(np.trunc(part), part) for part in parts)


def distinct_values(finite: NDArray[Any]) -> tuple[float, ...]:
    """The distinct values of these cells, ascending; () when they are more than MOST_DISTINCT."""
    for part in (finite[:GLANCE], finite):
        values = _distinct(part)
        if len(values) > MOST_DISTINCT:
            return ()
    return tuple(map(float, values.tolist()))


def _distinct(cells: NDArray[Any]) -> NDArray[Any]:
    """Counting is ten times faster than sorting, and classes can be counted."""
    if len(cells) <= GLANCE or not 0 <= cells.min() <= cells.max() < MOST_COUNTED:
        return np.unique(cells)
    whole = cells.astype(np.int64)
    return np.flatnonzero(np.bincount(whole)) if np.array_equal(whole, cells) else np.unique(cells)


def is_one_hot(cells: NDArray[np.float64]) -> bool:
    """Whether every row of the last axis is a single 1 among zeros."""
    if not _has_rows(cells):
        return False
    return bool(((cells == 0) | (cells == 1)).all() and (cells.sum(axis=-1) == 1).all())


def sums_to_one(cells: NDArray[np.float64]) -> bool:
    """Whether every row of the last axis is non-negative and sums to 1."""
    if not _has_rows(cells):
        return False
    return bool((cells >= 0).all() and (np.abs(cells.sum(axis=-1) - 1) < NEAR_ONE).all())


def _has_rows(cells: NDArray[np.float64]) -> bool:
    return cells.ndim >= 2 and cells.shape[-1] >= 2 and cells.size > 0
