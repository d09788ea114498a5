"""Summing a curve up: a whole series in numbers, or in as many buckets as a chart has pixels.

Non-finite values are counted and listed, never averaged away: NaN is not a number to draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nanwatch_monitor.series.columns import Curve

MAX_LISTED = 1000

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NonFinite:
    """One point that is no finite number; `kind` is "NaN", "Infinity" or "-Infinity"."""

    step: int
    kind: str


@dataclass(frozen=True)
class Overview:
    """A curve in buckets of nearly equal numbers of points. All arrays have one entry a bucket.

    Attributes:
        first: the first step in the bucket.
        last: the last step in the bucket.
        low: the smallest finite value; NaN where there is none. So `high` and `mean`.
        n: all points.
        n_nonfinite: the points that are NaN or infinite.
        nonfinite: the first of these points, at most MAX_LISTED.
    """

    first: Ints
    last: Ints
    low: Floats
    high: Floats
    mean: Floats
    n: Ints
    n_nonfinite: Ints
    nonfinite: tuple[NonFinite, ...]


@dataclass(frozen=True)
class Summary:
    """A whole series; `low` and `high` are of its finite points, None without one.

    Attributes:
        last: the value of the last point, whatever it is; None without a point.
    """

    n: int
    n_nan: int
    n_pinf: int
    n_ninf: int
    low: float | None
    high: float | None
    last: float | None


def overview(curve: Curve, buckets: int) -> Overview:
    """The curve in at most `buckets` buckets; with as many points or fewer, one point each."""
    total = len(curve.steps)
    count = min(buckets, total)
    if count == 0:
        none = np.empty(0)
        zero = np.empty(0, np.int64)
        return Overview(zero, zero, none, none, none, zero, zero, ())
    begins = np.arange(count, dtype=np.int64) * total // count
    ends = np.append(begins[1:], total)
    finite = np.isfinite(curve.values)
    n_finite = np.add.reduceat(finite.astype(np.int64), begins)
    low, high, mean = _envelope(curve.values, finite, begins, n_finite)
    return Overview(
        first=curve.steps[begins],
        last=curve.steps[ends - 1],
        low=low,
        high=high,
        mean=mean,
        n=ends - begins,
        n_nonfinite=ends - begins - n_finite,
        nonfinite=_listed(curve, ~finite),
    )


def summary(curve: Curve) -> Summary:
    """The whole series in numbers."""
    is_finite = np.isfinite(curve.values)
    finite, odd = curve.values[is_finite], curve.values[~is_finite]
    n_pinf, n_ninf = int((odd > 0).sum()), int((odd < 0).sum())
    found = len(finite) > 0
    return Summary(
        n=len(curve.values),
        n_nan=len(odd) - n_pinf - n_ninf,
        n_pinf=n_pinf,
        n_ninf=n_ninf,
        low=float(finite.min()) if found else None,
        high=float(finite.max()) if found else None,
        last=float(curve.values[-1]) if len(curve.values) else None,
    )


def kind_of(value: float) -> str:
    """The word for a value that is no finite number."""
    if np.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _envelope(
    values: Floats, finite: NDArray[np.bool_], begins: Ints, n_finite: Ints
) -> tuple[Floats, Floats, Floats]:
    """Smallest, largest and mean finite value of each bucket; NaN for a bucket without one."""
    low = np.minimum.reduceat(np.where(finite, values, np.inf), begins)
    high = np.maximum.reduceat(np.where(finite, values, -np.inf), begins)
    # Shares are added up, not values: the sum of values near 1e308 would overflow.
    each = np.repeat(np.maximum(n_finite, 1), np.diff(np.append(begins, len(values))))
    mean = np.add.reduceat(np.where(finite, values, 0.0) / each, begins)
    empty = n_finite == 0
    mean = np.clip(mean, low, np.maximum(low, high))
    return (
        np.where(empty, np.nan, low),
        np.where(empty, np.nan, high),
        np.where(empty, np.nan, mean),
    )


def _listed(curve: Curve, which: NDArray[np.bool_]) -> tuple[NonFinite, ...]:
    at = np.flatnonzero(which)[:MAX_LISTED]
    return tuple(NonFinite(int(curve.steps[i]), kind_of(curve.values[i])) for i in at)
