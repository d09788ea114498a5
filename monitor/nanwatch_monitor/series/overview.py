"""Summing a curve up: a whole series in numbers, or in as many buckets as a chart has pixels.

Non-finite values are counted and listed, never averaged away: NaN is not a number to draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nanwatch_monitor.series.columns import Curve
from nanwatch_monitor.series.tree import Buckets, grouped

MAX_LISTED = 1000
MAX_ATTEMPTS = 100

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NonFinite:
    """One point that is no finite number; `kind` is "NaN", "Infinity" or "-Infinity"."""

    step: int
    kind: str


@dataclass(frozen=True)
class Attempt:
    """What one stream said of a series while its steps rose.

    Attributes:
        no: its number among all attempts at the series; a later one lies on top.
        first: its first step.
        last: its last step.
        n: how many points it has.
    """

    no: int
    first: int
    last: int
    n: int


@dataclass(frozen=True)
class Overview:
    """A curve in buckets of nearly equal numbers of points. All arrays have one entry a bucket.

    Attributes:
        first: the first step in the bucket.
        last: the last step in the bucket.
        low: the smallest finite value; NaN where there is none. So `high` and `mean`.
        n: all points.
        n_nonfinite: the points that are NaN or infinite.
        n_nan, n_pinf, n_ninf: the same by kind.
        nonfinite: the first of these points, at most MAX_LISTED.
        attempts: the latest attempts at the series, at most MAX_ATTEMPTS.
        exact_from: the step before which only buckets may be kept; None when every point is.
    """

    first: Ints
    last: Ints
    low: Floats
    high: Floats
    mean: Floats
    n: Ints
    n_nonfinite: Ints
    n_nan: Ints
    n_pinf: Ints
    n_ninf: Ints
    nonfinite: tuple[NonFinite, ...]
    attempts: tuple[Attempt, ...] = ()
    exact_from: int | None = None


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


def overview(fine: Buckets, buckets: int, odd: Curve) -> Overview:
    """Fine buckets in at most `buckets` coarser ones.

    Args:
        odd: the points that are no finite numbers, as many as are to be listed.
    """
    coarse = _spread(fine, buckets)
    return Overview(
        first=coarse.first,
        last=coarse.last,
        low=coarse.low,
        high=coarse.high,
        mean=coarse.mean,
        n=coarse.n,
        n_nonfinite=coarse.n_nonfinite,
        n_nan=coarse.n_nan,
        n_pinf=coarse.n_pinf,
        n_ninf=coarse.n_ninf,
        nonfinite=_listed(odd),
    )


def summary(fine: Buckets, last: float) -> Summary:
    """Neighbouring buckets in numbers; at least one."""
    whole = _spread(fine, 1)
    some = bool(whole.n[0] > whole.n_nonfinite[0])
    return Summary(
        n=int(whole.n[0]),
        n_nan=int(whole.n_nan[0]),
        n_pinf=int(whole.n_pinf[0]),
        n_ninf=int(whole.n_ninf[0]),
        low=float(whole.low[0]) if some else None,
        high=float(whole.high[0]) if some else None,
        last=last,
    )


def kind_of(value: float) -> str:
    """The word for a value that is no finite number."""
    if np.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _spread(fine: Buckets, buckets: int) -> Buckets:
    """In at most so many buckets of nearly equal numbers of points."""
    total = int(fine.n.sum())
    if total == 0:
        return fine
    place = (np.cumsum(fine.n) - fine.n) * min(buckets, total) // total
    return grouped(fine, np.flatnonzero(np.diff(place, prepend=-1)))


def _listed(odd: Curve) -> tuple[NonFinite, ...]:
    points = zip(odd.steps.tolist(), odd.values.tolist(), strict=True)
    return tuple(NonFinite(step, kind_of(value)) for step, value in points)
