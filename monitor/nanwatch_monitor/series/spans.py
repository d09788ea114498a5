"""Several attempts at the same steps: which points count where.

A run that is taken up again, a step that goes back and a second writer all add lanes. At one step
the latest lane counts. Where the latest has every step, nothing else is looked at; where lanes
with gaps lie over each other, their points are merged one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nanwatch_monitor.series import tree
from nanwatch_monitor.series.columns import Curve, merged
from nanwatch_monitor.series.lane import Lane, rolled_points
from nanwatch_monitor.series.tree import Buckets

BLOCK = 16 * tree.CHUNK


@dataclass(frozen=True)
class Span:
    """Some steps, and the lanes whose points count there, the latest last.

    Attributes:
        first, last: steps, both inclusive.
    """

    first: int
    last: int
    lanes: tuple[Lane, ...]

    @property
    def n(self) -> int:
        """How many points there are at most: of the same step in two lanes one counts."""
        return sum(end - begin for begin, end in map(self._part, self.lanes))

    def cover(self, level: int) -> list[Buckets]:
        """Its points in buckets of at most this level."""
        if self._sole is not None:
            return self._sole.cover(*self._part(self._sole), level)
        return [b for block in self.blocks() for b in rolled_points(block, level)]

    def whole(self) -> list[Buckets]:
        """Its points in few buckets, whose means may be left out."""
        lane = self.lanes[-1]
        if len(self.lanes) == 1 and (lane.first, lane.last) == (self.first, self.last):
            return [lane.whole()]
        return self.cover(tree.level_for(self.n / 2))

    def nonfinite(self, most: int) -> Curve:
        """The first of its points that are no finite numbers."""
        if self._sole is not None:
            return self._sole.nonfinite(self.first, self.last, most)
        found = Curve.empty()
        for block in self.blocks():
            found = found.followed_by(block.nonfinite())[:most]
            if len(found.steps) == most:
                break
        return found

    def blocks(self, size: int = BLOCK) -> Iterator[Curve]:
        """Its points in order, some at a time, as far as they are kept."""
        parts_of = [(lane.thinned, *self._part(lane)) for lane in self.lanes]
        places = [(max(thinned, begin), end) for thinned, begin, end in parts_of]
        while any(begin < end for begin, end in places):
            parts = [
                lane.points(begin, min(begin + size, end))
                for lane, (begin, end) in zip(self.lanes, places, strict=True)
            ]
            cut = [p.steps[-1] for p, (i, j) in zip(parts, places, strict=True) if i + size < j]
            parts = [part.between(None, int(min(cut))) if cut else part for part in parts]
            places = [(i + len(p.steps), j) for p, (i, j) in zip(parts, places, strict=True)]
            yield merged([(part.steps, part.values) for part in parts])

    @property
    def _sole(self) -> Lane | None:
        """The only lane; the latest one also when points to merge are no longer kept."""
        alone = len(self.lanes) == 1 or any(lane.thinned for lane in self.lanes)
        return self.lanes[-1] if alone else None

    def _part(self, lane: Lane) -> tuple[int, int]:
        return lane.before(self.first), lane.before(self.last + 1)


def spans_of(lanes: Sequence[Lane], first: int | None, last: int | None) -> list[Span]:
    """The spans from one step to another, None leaving an end open, in order of their steps.

    Args:
        lanes: the latest last.
    """
    if not lanes:
        return []
    low = max(min(lane.first for lane in lanes), first if first is not None else 0)
    high = max(lane.last for lane in lanes)
    high = high if last is None else min(high, last)
    inner = {step for lane in lanes for step in (lane.first, lane.last + 1) if low < step <= high}
    begins = [low, *sorted(inner)]
    ends = [*(begin - 1 for begin in begins[1:]), high]
    found = [Span(i, j, _on_top(lanes, i, j)) for i, j in zip(begins, ends, strict=True) if i <= j]
    return _fused([span for span in found if span.lanes])


def _on_top(lanes: Sequence[Lane], first: int, last: int) -> tuple[Lane, ...]:
    """The lanes that reach over these steps, down to one that has them all."""
    found: list[Lane] = []
    for lane in reversed(lanes):
        if lane.first <= first and last <= lane.last:
            found.insert(0, lane)
            if lane.n == lane.last - lane.first + 1:
                break
    return tuple(found)


def _fused(spans: Sequence[Span]) -> list[Span]:
    """Neighbours of the same lanes in one."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].lanes == span.lanes and found[-1].last + 1 == span.first:
            span = Span(found.pop().first, span.last, span.lanes)
        found.append(span)
    return found
