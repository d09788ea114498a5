"""A tree of ever coarser buckets over the points of a series: any zoom costs what it shows.

Level 0 are the points themselves, CHUNK to a row. A node of level h holds NODE buckets of
64 * 4**(h-1) points each. Rows are of equal size in points, so each is written once, when its last
point has come, and never touched again: four nodes of one level make one of the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch_monitor.series.codec import pack, unpack
from nanwatch_monitor.series.columns import Curve, Steps, Values

CHUNK = 2048
NODE = 1024
FINEST, FAN = 64, 4


@dataclass(frozen=True)
class Buckets:
    """Neighbouring buckets of points; every array has one entry a bucket.

    Attributes:
        first: the first step in the bucket.
        last: the last step in the bucket.
        low: the smallest finite value; NaN where there is none. So `high` and `mean`.
        n: all points.
    """

    first: Steps
    last: Steps
    low: Values
    high: Values
    mean: Values
    n: Steps
    n_nan: Steps
    n_pinf: Steps
    n_ninf: Steps

    @property
    def n_nonfinite(self) -> Steps:
        """The points that are NaN or infinite."""
        return self.n_nan + self.n_pinf + self.n_ninf

    def __getitem__(self, some: slice) -> Buckets:
        """Some of them."""
        return Buckets(*(column[some] for column in self._columns()))

    def _columns(self) -> list[NDArray[Any]]:
        return [getattr(self, field.name) for field in fields(self)]


def bucket_size(level: int) -> int:
    """How many points a bucket of a level holds; level 0 are the points."""
    return FINEST * FAN ** (level - 1) if level > 0 else 1


def row_size(level: int) -> int:
    """How many points a row of a level holds."""
    return NODE * bucket_size(level) if level > 0 else CHUNK


def level_for(points_a_bucket: float) -> int:
    """The coarsest level whose buckets hold at most as many points."""
    level = 0
    while bucket_size(level + 1) <= points_a_bucket:
        level += 1
    return level


def of_points(points: Curve) -> Buckets:
    """A bucket for each point."""
    values, one = points.values, np.ones(len(points.values), np.int64)
    is_finite = np.isfinite(values)
    if is_finite.all():  # as nearly always
        none = np.zeros(len(values), np.int64)
        return Buckets(points.steps, points.steps, values, values, values, one, none, none, none)
    finite = np.where(is_finite, values, np.nan)
    kinds = (np.isnan(values), values == np.inf, values == -np.inf)
    counts = (kind.astype(np.int64) for kind in kinds)
    return Buckets(points.steps, points.steps, finite, finite, finite, one, *counts)


def of_groups(points: Curve, size: int) -> Buckets:
    """Buckets of `size` points each: what `rolled` makes of a bucket for each point, but quicker.

    Args:
        points: so many that they fill the last one too.
    """
    if not np.isfinite(points.values).all():
        return rolled(of_points(points), size)
    groups = points.values.reshape(-1, size)
    low, high = groups.min(axis=1), groups.max(axis=1)
    # Shares are added up, not values: the sum of values near 1e308 would overflow.
    mean = np.clip((groups / size).sum(axis=1), low, high)
    n, none = np.full(len(groups), size, np.int64), np.zeros(len(groups), np.int64)
    first, last = points.steps[::size], points.steps[size - 1 :: size]
    return Buckets(first, last, low, high, mean, n, none, none, none)


def joined(parts: Sequence[Buckets]) -> Buckets:
    """Buckets end to end; at least one part."""
    columns = zip(*(part._columns() for part in parts), strict=True)
    return Buckets(*(np.concatenate(same) for same in columns))


def grouped(fine: Buckets, begins: NDArray[np.int64]) -> Buckets:
    """Coarser buckets, each from one index of `begins` up to the next."""
    if len(begins) == len(fine.n):
        return fine
    ends = np.append(begins[1:], len(fine.n))
    low, high = np.fmin.reduceat(fine.low, begins), np.fmax.reduceat(fine.high, begins)
    counts = (fine.n, fine.n_nan, fine.n_pinf, fine.n_ninf)
    return Buckets(
        fine.first[begins],
        fine.last[ends - 1],
        low,
        high,
        np.clip(_means(fine, begins, ends), low, high),
        *(np.add.reduceat(count, begins) for count in counts),
    )


def none() -> Buckets:
    """No buckets."""
    return of_points(Curve.empty())


def rolled(fine: Buckets, size: int) -> Buckets:
    """Every `size` neighbours in one; the last may be of fewer."""
    return grouped(fine, np.arange(0, len(fine.n), size, dtype=np.int64))


def pack_node(buckets: Buckets) -> bytes:
    """The bytes of a node's buckets."""
    b = buckets
    odd = [b.n_nan, b.n_pinf, b.n_ninf] if b.n_nonfinite.any() else []
    return pack([b.first, b.last, b.low, b.high, b.mean, *odd])


def unpack_node(data: bytes, level: int) -> Buckets:
    """The buckets of a node again."""
    first, last, low, high, mean, *odd = unpack(data)
    n = np.full(len(first), bucket_size(level), np.int64)
    none = np.zeros(len(first), np.int64)
    return Buckets(first, last, low, high, mean, n, *(odd or [none, none, none]))


def _means(fine: Buckets, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> Values:
    """Shares are added up, not values: the sum of values near 1e308 would overflow."""
    n_finite = fine.n - fine.n_nonfinite
    total = np.add.reduceat(n_finite, begins)
    share = n_finite / np.repeat(np.maximum(total, 1), ends - begins)
    means = np.add.reduceat(np.where(n_finite > 0, fine.mean * share, 0.0), begins)
    return np.where(total > 0, means, np.nan)
