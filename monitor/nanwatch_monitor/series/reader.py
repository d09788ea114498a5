"""Reads curves: the sealed points and the open log, as they were at one moment.

Nothing but the open log is decoded whole, and only frames of it are remembered: they never change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence

from nanwatch import events, wire
from nanwatch_monitor.series import tree
from nanwatch_monitor.series.columns import Curve, Steps, Values, merged
from nanwatch_monitor.series.lane import Lane, OpenLane, SealedLane
from nanwatch_monitor.series.overview import MAX_LISTED, Overview, Summary, overview, summary
from nanwatch_monitor.series.spans import Span, spans_of
from nanwatch_monitor.store.series import SealedStream, SeriesStore, Snapshot

CACHE_BYTES = 64 * 1024 * 1024
_OVERHEAD = 2048  # bytes, roughly: the objects round the numbers of a frame

Column = list[tuple[Steps, Values]]


class OpenFrames:
    """Decoded frames of the open log, as many as fit into `limit` bytes. For any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, int], tuple[wire.Frame, int]] = OrderedDict()
        self._used = 0

    def read(self, snapshot: Snapshot, of: SealedStream) -> list[wire.Frame]:
        """The frames of a stream that are not sealed, in order."""
        keys = [(of.token, seq, crc) for seq, crc in snapshot.open_frames(of)]
        with self._lock:
            found = {key: self._known[key][0] for key in keys if key in self._known}
        missing = [key for key in keys if key not in found]
        if missing:
            rows = dict(snapshot.frames(of.id, missing[0][1], missing[-1][1]))
            new = {key: _decoded(rows[key[1]]) for key in missing}
            self._keep(new)
            found.update((key, frame) for key, (frame, _) in new.items())
        return [found[key] for key in keys]

    def _keep(self, new: dict[tuple[str, int, int], tuple[wire.Frame, int]]) -> None:
        with self._lock:
            self._used += sum(size for key, (_, size) in new.items() if key not in self._known)
            self._known.update(new)
            while self._used > self._limit:
                _, (_, size) = self._known.popitem(last=False)
                self._used -= size


class SeriesReader:
    """Curves of runs.

    Args:
        store: where sealed points and the open log are.
        cache_bytes: how much of the open log is remembered decoded.
    """

    def __init__(self, store: SeriesStore, cache_bytes: int = CACHE_BYTES) -> None:
        self._store = store
        self._frames = OpenFrames(cache_bytes)

    def overview(
        self, run_id: str, name: str, first: int | None, last: int | None, buckets: int
    ) -> Overview | None:
        """A series from one step to another in buckets; None when the run has no such series."""
        with self._store.snapshot() as snapshot:
            lanes = self._lanes(snapshot, run_id, name).get(name)
            if lanes is None:
                return None
            spans = spans_of(lanes, first, last)
            return overview(_cover(spans, buckets), buckets, _nonfinite(spans))

    def points(
        self, run_id: str, name: str, first: int | None, last: int | None, most: int
    ) -> Curve | None:
        """The first points from one step to another; None when the run has no such series."""
        with self._store.snapshot() as snapshot:
            lanes = self._lanes(snapshot, run_id, name).get(name)
            return None if lanes is None else _first(spans_of(lanes, first, last), most)

    def summaries(self, run_id: str) -> dict[str, Summary]:
        """Every series of a run in numbers, in order of appearance."""
        with self._store.snapshot() as snapshot:
            lanes = self._lanes(snapshot, run_id)
            return {name: _summary(same) for name, same in lanes.items()}

    def _lanes(
        self, snapshot: Snapshot, run_id: str, name: str | None = None
    ) -> dict[str, list[Lane]]:
        """The lanes of one series of a run or of all, the latest last."""
        found: dict[str, list[Lane]] = defaultdict(list)
        for stream in snapshot.streams(run_id):
            for sealed in snapshot.series(stream.id, name):
                found[sealed.name].append(SealedLane(snapshot, sealed))
            for named, column in columns_of(self._frames.read(snapshot, stream), name).items():
                found[named].append(OpenLane(merged(column)))
        return dict(found)


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


def _decoded(data: bytes) -> tuple[wire.Frame, int]:
    """A frame and about how much memory it takes."""
    return wire.decode(data), len(data) + _OVERHEAD


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
