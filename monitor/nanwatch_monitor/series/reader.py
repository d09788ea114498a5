"""Reads curves: the sealed points and the open log, as they were at one moment.

Nothing but the open log is decoded whole, and only frames of it are remembered: they never change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nanwatch import events, wire
from nanwatch_monitor.series import tree
from nanwatch_monitor.series.columns import Curve, Steps, Values, attempts
from nanwatch_monitor.series.frame_cache import FrameCache
from nanwatch_monitor.series.lane import Lane, OpenLane, SealedLane
from nanwatch_monitor.series.overview import (
    MAX_ATTEMPTS,
    MAX_LISTED,
    Attempt,
    Overview,
    Summary,
    overview,
    summary,
)
from nanwatch_monitor.series.spans import Span, spans_of
from nanwatch_monitor.store.sealed import SealedStream
from nanwatch_monitor.store.series import SeriesStore
from nanwatch_monitor.store.snapshot import Snapshot

Column = list[tuple[Steps, Values]]
Lanes = list[Lane]
"""Those of one attempt: each goes on where the one before it ends."""


class SeriesReader:
    """Curves of runs.

    A run that was taken up again, a step that goes back and a second writer are attempts, counted
    from 0 on. Without a number all of them are shown, at each step the latest.

    Args:
        store: where sealed points and the open log are.
        cache: frames of the open log that are decoded already.
    """

    def __init__(self, store: SeriesStore, cache: FrameCache | None = None) -> None:
        self._store, self._cache = store, cache or FrameCache()

    def overview(
        self,
        run_id: str,
        name: str,
        first: int | None,
        last: int | None,
        buckets: int,
        attempt: int | None = None,
    ) -> Overview | None:
        """A series from one step to another in buckets; None when the run has no such series, or
        no such attempt.
        """
        with self._store.snapshot() as snapshot:
            known = self._attempts(snapshot, run_id, name).get(name, [])
            if not (lanes := _chosen(known, attempt)):
                return None
            spans = spans_of(lanes, first, last)
            found = overview(_cover(spans, buckets), buckets, _nonfinite(spans))
            return replace(found, attempts=_listed(known), exact_from=_exact_from(known))

    def points(
        self,
        run_id: str,
        name: str,
        first: int | None,
        last: int | None,
        most: int,
        attempt: int | None = None,
    ) -> Curve | None:
        """The first points from one step to another; None as above."""
        with self._store.snapshot() as snapshot:
            lanes = _chosen(self._attempts(snapshot, run_id, name).get(name, []), attempt)
            return _first(spans_of(lanes, first, last), most) if lanes else None

    def has(self, run_id: str, name: str) -> bool:
        """Whether a run has a series of this name."""
        with self._store.snapshot() as snapshot:
            return name in self._attempts(snapshot, run_id, name)

    def exact_from(self, run_id: str, name: str) -> int | None:
        """The step before which exact points may be gone; None when all are kept."""
        with self._store.snapshot() as snapshot:
            return _exact_from(self._attempts(snapshot, run_id, name).get(name, []))

    def summaries(self, run_id: str) -> dict[str, Summary]:
        """Every series of a run in numbers, in order of appearance."""
        with self._store.snapshot() as snapshot:
            known = self._attempts(snapshot, run_id)
            return {name: _summary(_chosen(same, None)) for name, same in known.items()}

    def _attempts(
        self, snapshot: Snapshot, run_id: str, name: str | None = None
    ) -> dict[str, list[Lanes]]:
        """The attempts at one series of a run or at all, the latest last."""
        found: dict[str, list[Lanes]] = defaultdict(list)
        for stream in snapshot.streams(run_id):
            own: dict[str, list[Lanes]] = defaultdict(list)
            for sealed in snapshot.series(stream.id, name):
                own[sealed.name].append([SealedLane(snapshot, sealed)])
            for named, column in columns_of(self._open(snapshot, stream), name).items():
                _go_on(own[named], [OpenLane(curve) for curve in attempts(column)])
            for named, more in own.items():
                found[named] += more
        return dict(found)

    def _open(self, snapshot: Snapshot, of: SealedStream) -> list[wire.Frame]:
        """The frames of a stream that are not sealed, in order."""
        numbers = snapshot.open_frames(of)
        found = self._cache.find((of.token, seq) for seq in numbers)
        missing = [seq for seq in numbers if (of.token, seq) not in found]
        if missing:
            rows = dict(snapshot.frames(of.id, missing[0], missing[-1]))
            new = [wire.decode(rows[seq]) for seq in missing]
            self._cache.keep(new)
            found.update(((of.token, frame.seq), frame) for frame in new)
        return [found[of.token, seq] for seq in numbers]


def columns_of(frames: Iterable[wire.Frame], name: str | None = None) -> dict[str, Column]:
    """The points of one series or of all, as they arrived."""
    found: dict[str, Column] = defaultdict(list)
    for frame in frames:
        for event in frame.events:
            if isinstance(event, events.Points):
                wanted = event.values if name is None else event.values.keys() & {name}
                for known in wanted:
                    found[known].append((event.steps, event.values[known]))
    return dict(found)


def _go_on(known: list[Lanes], new: Iterable[Lane]) -> None:
    """Add lanes of the same stream, later ones than are known."""
    for lane in new:
        if known and lane.first > known[-1][-1].last:
            known[-1].append(lane)
        else:
            known.append([lane])


def _chosen(known: Sequence[Lanes], attempt: int | None) -> Lanes:
    """The lanes of an attempt, or of all, the latest last."""
    some = known if attempt is None else known[attempt : attempt + 1]
    return [lane for lanes in some for lane in lanes]


def _listed(known: Sequence[Lanes]) -> tuple[Attempt, ...]:
    """The latest attempts, with their numbers."""
    numbered = list(enumerate(known))[-MAX_ATTEMPTS:]
    return tuple(
        Attempt(no, lanes[0].first, lanes[-1].last, sum(lane.n for lane in lanes))
        for no, lanes in numbered
    )


def _exact_from(known: Sequence[Lanes]) -> int | None:
    sealed = (lane for lanes in known for lane in lanes if isinstance(lane, SealedLane))
    return max((lane.exact_from for lane in sealed if lane.thinned), default=None)


def _cover(spans: Sequence[Span], buckets: int) -> tree.Buckets:
    """Buckets of a level at which there are at least twice as many as are shown."""
    level = tree.level_for(sum(span.n for span in spans) / (2 * buckets))
    return tree.joined([tree.none(), *(b for span in spans for b in span.cover(level))])


def _nonfinite(spans: Iterable[Span]) -> Curve:
    found = Curve.empty()
    for span in spans:
        room = MAX_LISTED - len(found.steps)
        found = found.followed_by(span.nonfinite(room)) if room else found
    return found


def _first(spans: Iterable[Span], most: int) -> Curve:
    found = Curve.empty()
    for span in spans:
        for block in span.blocks(most):
            found = found.followed_by(block)[:most]
            if len(found.steps) == most:
                return found
    return found


def _summary(lanes: Sequence[Lane]) -> Summary:
    """Of lanes over each other only what counts is counted."""
    parts = [part for span in spans_of(lanes, None, None) for part in span.whole()]
    latest = max(reversed(lanes), key=lambda lane: lane.last)
    return summary(tree.joined(parts), latest.final())
