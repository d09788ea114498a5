"""Lanes: points of one series with ever higher steps, sealed or still in the open log."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from nanwatch_monitor.series import tree
from nanwatch_monitor.series.codec import unpack_points
from nanwatch_monitor.series.columns import Curve
from nanwatch_monitor.series.tree import Buckets
from nanwatch_monitor.store.sealed import SealedSeries
from nanwatch_monitor.store.snapshot import Snapshot

ODD = -1  # the level of the rows that list the points which are no finite numbers


class Lane(Protocol):
    """Points with ever higher steps, addressed by their number from 0 on."""

    @property
    def first(self) -> int:
        """The first step."""

    @property
    def last(self) -> int:
        """The last step."""

    @property
    def n(self) -> int:
        """How many points there are."""

    @property
    def thinned(self) -> int:
        """Of how many points, from the first on, only buckets are kept."""

    def before(self, step: int) -> int:
        """How many points lie before a step; about, where only buckets are kept."""

    def points(self, begin: int, end: int) -> Curve:
        """Points by their numbers, `end` exclusive, as far as they are kept."""

    def cover(self, begin: int, end: int, level: int) -> list[Buckets]:
        """The same points in buckets of at most this level, end to end."""

    def nonfinite(self, first: int, last: int, most: int) -> Curve:
        """The first points that are no finite numbers, from one step to another."""

    def whole(self) -> Buckets:
        """All points in one bucket; their mean may be left out."""

    def final(self) -> float:
        """The value at the last step."""


@dataclass(frozen=True, eq=False)
class OpenLane:
    """Points in memory; at least one."""

    curve: Curve

    @property
    def first(self) -> int:
        """The first step."""
        return int(self.curve.steps[0])

    @property
    def last(self) -> int:
        """The last step."""
        return int(self.curve.steps[-1])

    @property
    def n(self) -> int:
        """How many points there are."""
        return len(self.curve.steps)

    @property
    def thinned(self) -> int:
        """Nothing is lost of what was not even sealed."""
        return 0

    def before(self, step: int) -> int:
        """How many points lie before a step."""
        return int(np.searchsorted(self.curve.steps, step))

    def points(self, begin: int, end: int) -> Curve:
        """Points by their numbers."""
        return self.curve[begin:end]

    def cover(self, begin: int, end: int, level: int) -> list[Buckets]:
        """The same points in buckets."""
        return rolled_points(self.points(begin, end), level)

    def nonfinite(self, first: int, last: int, most: int) -> Curve:
        """The first points that are no finite numbers."""
        return self.curve.between(first, last).nonfinite()[:most]

    def whole(self) -> Buckets:
        """All points in one bucket."""
        return tree.rolled(tree.of_points(self.curve), self.n)

    def final(self) -> float:
        """The value at the last step."""
        return float(self.curve.values[-1])


class SealedLane:
    """Sealed points: read as far as they are asked for."""

    def __init__(self, snapshot: Snapshot, of: SealedSeries) -> None:
        self._snapshot, self._of = snapshot, of
        self._chunked = of.n // tree.CHUNK * tree.CHUNK

    @property
    def first(self) -> int:
        """The first step."""
        return self._of.first_step

    @property
    def last(self) -> int:
        """The last step."""
        return self._of.last_step

    @property
    def n(self) -> int:
        """How many points there are."""
        return self._of.n

    @property
    def thinned(self) -> int:
        """Of how many points, from the first on, only buckets are kept."""
        return self._of.thinned

    @property
    def exact_from(self) -> int:
        """The step from which on every point is kept."""
        if not self.thinned:
            return self.first
        (last,) = self._snapshot.nodes(self._of, 1, self.thinned - tree.row_size(1), self.thinned)
        return last.last_step + 1

    @cached_property
    def _rest(self) -> Curve:
        return unpack_points(self._snapshot.rest(self._of))

    def before(self, step: int) -> int:
        """How many points lie before a step."""
        if step <= self.first:
            return 0
        if step > self.last:
            return self.n
        row = self._snapshot.node_at(self._of, 0, step)
        if row is None and self.thinned:
            return self._about_before(step)
        if row is not None and step <= row.last_step:
            return row.n0 + int(np.searchsorted(unpack_points(row.data).steps, step))
        if row is not None and row.n0 + tree.CHUNK < self._chunked:
            return row.n0 + tree.CHUNK
        return self._chunked + int(np.searchsorted(self._rest.steps, step))

    def _about_before(self, step: int) -> int:
        """The same by the buckets: exact where steps come at even distances."""
        row = self._snapshot.node_at(self._of, 1, step)
        if row is None or step > row.last_step:
            behind = 0 if row is None else row.n0 + tree.row_size(1)
            in_rest = int(np.searchsorted(self._rest.steps, step))
            return behind if behind < self._chunked else self._chunked + in_rest
        node = tree.unpack_node(row.data, 1)
        at = int(np.searchsorted(node.last, step))
        first, last = int(node.first[at]), int(node.last[at])
        share = max(0, step - first) / (last - first + 1)
        return row.n0 + at * tree.FINEST + round(tree.FINEST * share)

    def points(self, begin: int, end: int) -> Curve:
        """Points by their numbers, as far as they are kept."""
        begin = max(begin, self.thinned)
        rows = self._rows(0, begin, min(end, self._chunked))
        parts = [unpack_points(data)[low:high] for data, low, high in rows]
        if end > self._chunked:
            parts.append(self._rest[max(0, begin - self._chunked) : end - self._chunked])
        return _joined(parts)

    def cover(self, begin: int, end: int, level: int) -> list[Buckets]:
        """The same points in buckets: the coarsest where they fit, finer ones at both edges."""
        return self._cover(begin, end, level, edge=min(level, 1))

    def _cover(self, begin: int, end: int, level: int, edge: int) -> list[Buckets]:
        if begin >= end:
            return []
        if level == 0:
            coarse = self._coarse(begin, min(end, self.thinned))
            return [*coarse, *rolled_points(self.points(begin, end), edge)]
        size = tree.bucket_size(level)
        stored = self.n // tree.row_size(level) * tree.row_size(level)
        low, high = -(-begin // size) * size, min(end, stored) // size * size
        if low >= high:
            return self._cover(begin, end, level - 1, edge)
        rows = self._rows(level, low, high)
        return [
            *self._cover(begin, low, level - 1, edge),
            *(tree.unpack_node(data, level)[i // size : j // size] for data, i, j in rows),
            *self._cover(high, end, level - 1, edge),
        ]

    def _coarse(self, begin: int, end: int) -> list[Buckets]:
        """The finest buckets of points that are not kept; whole ones, also at the edges."""
        if begin >= end:
            return []
        size = tree.FINEST
        rows = self._rows(1, begin // size * size, -(-end // size) * size)
        return [tree.unpack_node(data, 1)[i // size : j // size] for data, i, j in rows]

    def nonfinite(self, first: int, last: int, most: int) -> Curve:
        """The first points that are no finite numbers."""
        rows = self._snapshot.nodes_of_steps(self._of, ODD, first, last, most)
        return _joined([unpack_points(row.data) for row in rows]).between(first, last)[:most]

    def whole(self) -> Buckets:
        """All points in one bucket, without their mean."""
        of = self._of
        numbers = (of.low, of.high, None)
        counts = (of.n, of.n_nan, of.n_pinf, of.n_ninf)
        return Buckets(
            np.array([of.first_step]),
            np.array([of.last_step]),
            *(np.array([np.nan if number is None else number]) for number in numbers),
            *(np.array([count]) for count in counts),
        )

    def final(self) -> float:
        """The value at the last step."""
        return self._of.last

    def _rows(self, level: int, begin: int, end: int) -> list[tuple[bytes, int, int]]:
        """The rows of a level that hold these points, and which of a row's own points they are."""
        if begin >= end:
            return []
        size = tree.row_size(level)
        rows = self._snapshot.nodes(self._of, level, begin // size * size, end)
        return [(row.data, max(0, begin - row.n0), min(size, end - row.n0)) for row in rows]


def rolled_points(points: Curve, level: int) -> list[Buckets]:
    """Points in buckets of a level; none without a point."""
    if not len(points.steps):
        return []
    return [tree.rolled(tree.of_points(points), tree.bucket_size(level))]


def _joined(parts: list[Curve]) -> Curve:
    if len(parts) == 1:
        return parts[0]
    steps = [np.empty(0, np.int64), *(part.steps for part in parts)]
    values = [np.empty(0), *(part.values for part in parts)]
    return Curve(np.concatenate(steps), np.concatenate(values))
