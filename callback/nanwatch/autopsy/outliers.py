"""Cells that lie absurdly far from the others of their column: sentinels, wrong units.

Far is not enough: incomes, counts and prices have long tails. An outlier is set apart by a gap:
between it and the farthest ordinary cell nothing lies over an order of magnitude.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.autopsy.cells import sample

FEWEST_ROWS = 8
ORDINARY = 0.8
"""This share of a column is ordinary by definition; outliers are among the rest."""
GAP = 10.0
"""A gap is at least so many times as wide as all that lies before it."""
FAR = 10.0
"""An outlier lies this many spreads (MAD, scaled to a normal's standard deviation) away."""
SPARSE_GAP = 1000.0
"""What stands out of a column that is else constant, such as rare counts, must do so by far."""
WIDE = 8192
"""Short rows are reduced many at once, up to so many cells side by side."""
FEWEST_TAIL, TAILS = 4, 5.0
"""How many cells tell a tail, and how many of its means a gap must be wide."""
MAD_TO_SIGMA = 1.4826
"""The median distance from the median times this is a normal's standard deviation."""


def outlying_rows(cells: NDArray[Any]) -> tuple[int, ...]:
    """Positions of the rows of `cells`, (rows, ...), with an outlier, the farthest first.

    The ordinary reach of a column is taken from a sample of a huge array; only a column with a
    cell far beyond it is looked at in full.
    """
    if cells.ndim == 0 or len(cells) < FEWEST_ROWS or not cells.size:
        return ()
    columns = _as_columns(cells)
    middle, reach = _ordinary(_as_columns(sample(cells)))
    usual = float(np.nanmedian(reach)) or 1.0
    farthest = _farthest(columns, middle)
    far = np.zeros(len(columns))
    for at in np.flatnonzero(farthest > GAP * np.where(reach > 0, reach, usual)):
        distance = np.abs(columns[:, at].astype(np.float64) - middle[at])
        far = np.fmax(far, _beyond_gap(distance, usual))
    far_of_row = far.reshape(len(cells), -1).max(axis=1)
    rows = np.flatnonzero(far_of_row)
    return tuple(rows[np.argsort(-far_of_row[rows], kind="stable")].tolist())


def _as_columns(cells: NDArray[Any]) -> NDArray[Any]:
    return cells.reshape(-1, cells.shape[-1]) if cells.ndim > 1 else cells[:, None]


def _ordinary(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each column's median, and how far from it the ordinary cells reach; NaN without a cell."""
    middle = _quantile(columns, 0.5)
    return middle, _quantile(np.abs(columns - middle), ORDINARY)


def _quantile(columns: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """A quantile of each column's known cells; NaN stands last in the order."""
    ordered = np.sort(columns, axis=0)
    known = np.count_nonzero(~np.isnan(columns), axis=0)
    at = np.clip((share * known).astype(np.int64), 0, np.maximum(known - 1, 0))
    chosen: NDArray[np.float64] = ordered[at, np.arange(columns.shape[1])]
    return chosen


def _farthest(columns: NDArray[Any], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distance of each column's farthest finite cell from its median."""
    low, high = _reduce(np.minimum, columns), _reduce(np.maximum, columns)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        known = np.where(np.isfinite(columns), columns, np.nan)
        low, high = _reduce(np.fmin, known), _reduce(np.fmax, known)
    far: NDArray[np.float64] = np.fmax(middle - low, high - middle)
    return far


def _reduce(ufunc: np.ufunc, columns: NDArray[Any]) -> NDArray[Any]:
    """`ufunc.reduce` over the rows, many of them side by side: short rows are slow."""
    rows, width = columns.shape
    abreast = min(rows, max(1, WIDE // width))
    even = rows // abreast * abreast
    folded = ufunc.reduce(columns[:even].reshape(-1, abreast * width), axis=0)
    rest = np.concatenate([folded.reshape(-1, width), columns[even:]])
    return np.asarray(ufunc.reduce(rest, axis=0))


def _beyond_gap(distance: NDArray[np.float64], usual: float) -> NDArray[np.float64]:
    """The distances beyond the first gap, in reaches of what lies before it; else 0."""
    known = np.where(np.isfinite(distance), distance, -1.0)
    order = np.sort(known[known >= 0])
    first = max(1, int(ORDINARY * len(order)))
    spread = MAD_TO_SIGMA * order[len(order) // 2]
    wide = (order[first:] > GAP * order[first - 1 : -1]) & (order[first:] > FAR * spread)
    for at in first + np.flatnonzero(wide):
        reach = order[at - 1] or usual
        if order[at] > _needed(order[:at]) * reach:
            return np.where(known >= order[at], known / reach, 0.0)
    return np.zeros(len(distance))


def _needed(ordinary: NDArray[np.float64]) -> float:
    """The gap that this column's own tail does not explain.

    Above a threshold a tail's logarithm falls about exponentially, with a mean that Hill's
    estimator gives; the gap must be several of these means wide.
    """
    beyond = ordinary[ordinary > 0]
    tail = np.log(beyond[len(beyond) // 2 :])
    if len(tail) < FEWEST_TAIL:
        return SPARSE_GAP
    return max(GAP, float(np.exp(min(TAILS * (tail - tail[0]).mean(), 300.0))))
