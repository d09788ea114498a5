"""The points of one series as two arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.events import Points

MOST_ATTEMPTS = 8
"""What goes back more often than this at a time has no attempts: it has no order."""

Steps = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Points in order of their steps, each step once.

    Attributes:
        steps: int64, shape (n,), strictly increasing.
        values: float64, shape (n,); NaN and infinities are values.
    """

    steps: Steps
    values: Values

    def between(self, first: int | None, last: int | None) -> Curve:
        """The points from step `first` to step `last`, both inclusive; None leaves an end open."""
        begin = 0 if first is None else int(np.searchsorted(self.steps, first, side="left"))
        end = len(self.steps)
        if last is not None:
            end = int(np.searchsorted(self.steps, last, side="right"))
        return self[begin:end]

    def nonfinite(self) -> Curve:
        """The points that are no finite numbers."""
        is_finite = np.isfinite(self.values)
        if is_finite.all():  # as nearly always
            return Curve.empty()
        return Curve(self.steps[~is_finite], self.values[~is_finite])

    def followed_by(self, later: Curve) -> Curve:
        """These points and others behind them."""
        if not len(self.steps):
            return later
        steps = np.concatenate([self.steps, later.steps])
        return Curve(steps, np.concatenate([self.values, later.values]))

    @classmethod
    def empty(cls) -> Curve:
        """No points."""
        return cls(np.empty(0, np.int64), np.empty(0))

    def __getitem__(self, some: slice) -> Curve:
        """Some of the points, by their place."""
        return Curve(self.steps[some], self.values[some])


def merged(parts: Sequence[tuple[Steps, Values]]) -> Curve:
    """One curve of what several streams said; at the same step the later word counts."""
    steps = _end_to_end([part[0] for part in parts])
    values = _end_to_end([part[1] for part in parts])
    kept = _last_words(steps)
    return Curve(steps, values) if kept is None else Curve(steps[kept], values[kept])


def attempts(parts: Sequence[tuple[Steps, Values]]) -> list[Curve]:
    """What a stream said of one series; each curve but the first goes back to steps said before."""
    steps = _end_to_end([part[0] for part in parts])
    values = _end_to_end([part[1] for part in parts])
    return [Curve(steps[some], values[some]) for some in _attempts(steps)]


def curves_of(blocks: Collection[Points]) -> dict[str, list[Curve]]:
    """Every series of some blocks, in the order of their first appearance; see `attempts`.

    Blocks mostly come with the same names: their steps are put together only once.
    """
    alike: dict[tuple[str, ...], list[Points]] = defaultdict(list)
    for block in blocks:
        alike[tuple(block.values)].append(block)
    if len({name for names in alike for name in names}) < sum(map(len, alike)):
        return _one_by_one(blocks)  # a name that comes in several companies
    return {name: curve for same in alike.values() for name, curve in _company(same)}


def _company(blocks: Sequence[Points]) -> Iterator[tuple[str, list[Curve]]]:
    """The series of blocks that have the same names."""
    steps = _end_to_end([block.steps for block in blocks])
    kept = _attempts(steps)
    own = [steps[some] for some in kept]
    for name in blocks[0].values:
        values = _end_to_end([block.values[name] for block in blocks])
        yield name, [Curve(at, values[some]) for at, some in zip(own, kept, strict=True)]


def _one_by_one(blocks: Collection[Points]) -> dict[str, list[Curve]]:
    parts: dict[str, list[tuple[Steps, Values]]] = defaultdict(list)
    for block in blocks:
        for name, values in block.values.items():
            parts[name].append((block.steps, values))
    return {name: attempts(some) for name, some in parts.items()}


def _attempts(steps: Steps) -> Sequence[slice | NDArray[np.int64]]:
    """Which points make up each attempt.

    Points that only come out of order, each step once, are put in order: nobody went back.
    """
    kept = _last_words(steps)
    if kept is None:
        return [slice(None)]
    turns = np.flatnonzero(steps[1:] <= steps[:-1]) + 1
    if len(kept) == len(steps) or len(turns) >= MOST_ATTEMPTS:
        return [kept]
    return [slice(begin, end) for begin, end in pairwise([0, *turns.tolist(), len(steps)])]


def _end_to_end(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _last_words(steps: Steps) -> NDArray[np.int64] | None:
    """Where each step's last word is, in the order of steps; None when all are, as they stand."""
    if bool((steps[1:] > steps[:-1]).all()):
        return None
    order: NDArray[np.int64] = np.argsort(steps, kind="stable")
    ordered = steps[order]
    kept: NDArray[np.int64] = order[np.append(ordered[1:] != ordered[:-1], True)]
    return kept
