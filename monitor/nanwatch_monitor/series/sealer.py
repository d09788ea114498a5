"""Puts chunks and rollups in the place of old frames.

All is read and compressed before the transaction that writes it, which is short, and which writes
nothing when the stream was sealed further in the meantime. A crash leaves either the frames or the
chunks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nanwatch import events, wire
from nanwatch_monitor.series import tree
from nanwatch_monitor.series.codec import pack_points, unpack_points
from nanwatch_monitor.series.columns import Curve, Values, curves_of, merged
from nanwatch_monitor.series.frame_cache import FrameCache
from nanwatch_monitor.series.lane import ODD
from nanwatch_monitor.series.tree import Buckets
from nanwatch_monitor.store.sealed import Node, SealedSeries, Sealing
from nanwatch_monitor.store.series import SeriesStore
from nanwatch_monitor.store.snapshot import Snapshot

_PASSING = (events.Points, events.Heartbeat)


def seal(
    store: SeriesStore, stream_id: int, upto: int, memory: bytes, cache: FrameCache | None = None
) -> bool:
    """Seal the frames of a stream up to number `upto`.

    Args:
        memory: what the brain remembers at `upto`.
        cache: frames of the log that are decoded already.

    Returns:
        False when another process was faster or frames are missing, and nothing was done.

    Raises:
        NoResultFound: the run was deleted.
    """
    with store.snapshot() as snapshot:
        stream = snapshot.stream(stream_id)
        before = stream.sealed_seq
        frames = cache.behind(stream.token, before, upto - before) if cache else []
        if len(frames) < upto - before:
            frames = [wire.decode(data) for _, data in snapshot.frames(stream_id, before + 1, upto)]
        if not frames or len(frames) != upto - before:
            return False
        grown = list(_grown(snapshot, stream_id, frames))
    return store.seal(
        Sealing(
            stream_id,
            before,
            upto,
            memory,
            series=[(known, rest) for known, rest, _ in grown],
            nodes=[(known.no, row) for known, _, new in grown for row in new],
            remarks=list(_remarks(frames)),
        )
    )


def _remarks(frames: Iterable[wire.Frame]) -> Iterator[tuple[int, bytes]]:
    """The frames without what passes, by their numbers, as far as anything else is in them."""
    for frame in frames:
        if said := tuple([e for e in frame.events if not isinstance(e, _PASSING)]):
            yield frame.seq, wire.encode(replace(frame, events=said))


def _grown(
    snapshot: Snapshot, stream_id: int, frames: Sequence[wire.Frame]
) -> Iterator[tuple[SealedSeries, bytes, list[Node]]]:
    """Each series that has new points, with those that fill no chunk and its new rows."""
    known = snapshot.series(stream_id)
    curves = curves_of([e for f in frames for e in f.events if isinstance(e, events.Points)])
    latest = {series.name: series for series in known if series.name in curves}
    growing = {n: one for n, one in latest.items() if curves[n][0].steps[0] > one.last_step}
    rests = snapshot.rests(stream_id, [series.no for series in growing.values()])
    no = len(known)
    for name, (first, *later) in curves.items():
        if (series := growing.get(name)) is not None:
            yield _grow(snapshot, series, unpack_points(rests[series.no]), first)
        for new in later if series is not None else (first, *later):
            yield _grow(snapshot, _opened(stream_id, no, name, new), Curve.empty(), new)
            no += 1


def _opened(stream_id: int, no: int, name: str, new: Curve) -> SealedSeries:
    step = int(new.steps[0])
    return SealedSeries(stream_id, no, name, step, step, 0, 0, 0, 0, None, None, 0.0)


def _grow(
    snapshot: Snapshot, series: SealedSeries, rest: Curve, new: Curve
) -> tuple[SealedSeries, bytes, list[Node]]:
    waiting = rest.followed_by(new)
    begin, full = series.n - len(rest.steps), len(waiting.steps) // tree.CHUNK * tree.CHUNK
    rows = [_row(0, begin + at, waiting[at : at + tree.CHUNK]) for at in range(0, full, tree.CHUNK)]
    rows += _rollups(snapshot, series, begin + full, rows)
    odd = new.nonfinite()
    if len(odd.steps):
        rows.append(_row(ODD, series.n, odd))
    return _counted(series, new, odd.values), pack_points(waiting[full:]), rows


def _counted(series: SealedSeries, new: Curve, odd: Values) -> SealedSeries:
    """The series with new points behind the others; `odd` are those that are not finite."""
    finite = new.values[np.isfinite(new.values)] if len(odd) else new.values
    return replace(
        series,
        last_step=int(new.steps[-1]),
        n=series.n + len(new.steps),
        n_nan=series.n_nan + int(np.isnan(odd).sum()),
        n_pinf=series.n_pinf + int((odd == np.inf).sum()),
        n_ninf=series.n_ninf + int((odd == -np.inf).sum()),
        low=_either(min, series.low, finite.min()) if len(finite) else series.low,
        high=_either(max, series.high, finite.max()) if len(finite) else series.high,
        last=float(new.values[-1]),
    )


def _either(choose: Any, known: float | None, new: Any) -> float:
    return float(new if known is None else choose(known, new))


def _row(level: int, n0: int, points: Curve) -> Node:
    first, last = int(points.steps[0]), int(points.steps[-1])
    return Node(level, n0, first, last, pack_points(points))


def _rollups(
    snapshot: Snapshot, series: SealedSeries, n: int, chunks: Sequence[Node]
) -> Iterator[Node]:
    """The nodes that are complete now: each level is made of the one below it.

    Args:
        n: how many points are in chunks now.
        chunks: those that are not in the snapshot.
    """
    new, level = list(chunks), 1
    while new and n >= tree.row_size(level):
        size = tree.row_size(level)
        below, new = new, []
        for begin in range(below[0].n0 // size * size, n // size * size, size):
            stored = snapshot.nodes(series, level - 1, begin, begin + size)
            fresh = [row for row in below if begin <= row.n0 < begin + size]
            new.append(_rolled_up(level, begin, [*stored, *fresh]))
        yield from new
        level += 1


def _rolled_up(level: int, n0: int, rows: Sequence[Node]) -> Node:
    node = _of_points(rows) if level == 1 else _of_nodes(rows)
    return Node(level, n0, int(node.first[0]), int(node.last[-1]), tree.pack_node(node))


def _of_points(chunks: Sequence[Node]) -> Buckets:
    points = merged([(one.steps, one.values) for one in (unpack_points(c.data) for c in chunks)])
    return tree.of_groups(points, tree.FINEST)


def _of_nodes(rows: Sequence[Node]) -> Buckets:
    return tree.rolled(tree.joined([tree.unpack_node(r.data, r.level) for r in rows]), tree.FAN)
