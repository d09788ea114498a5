"""Sealed points with the open log, as they were at one moment. Rows and bytes only."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, bindparam, select

from nanwatch_monitor.store.prepared import Prepared, is_one_of, several
from nanwatch_monitor.store.sealed import Node, SealedSeries, SealedStream
from nanwatch_monitor.store.tables import batch, memory, node, remark, run, series, stream

_STREAM = (stream.c.id, stream.c.token, stream.c.watched_seq, stream.c.sealed_seq)
_KNOWN = tuple(column for column in series.c if column.name != "rest")
_ROW = (node.c.level, node.c.n0, node.c.first_step, node.c.last_step, node.c.data)

_STREAMS = select(*_STREAM).join(run, run.c.no == stream.c.run_no).order_by(stream.c.id)
_STREAMS_OF_RUN = Prepared(_STREAMS.where(run.c.id == bindparam("run_id")))
_ONE_STREAM = _STREAMS.where(stream.c.id == bindparam("stream_id"))
_SERIES = select(*_KNOWN).where(series.c.stream_id == bindparam("stream_id")).order_by(series.c.no)
_ALL_SERIES = Prepared(_SERIES)
_SERIES_OF_NAME = Prepared(_SERIES.where(series.c.name == bindparam("name")))
_REST = Prepared(
    select(series.c.rest).where(
        series.c.stream_id == bindparam("stream_id"), series.c.no == bindparam("no")
    )
)
_NODES = select(*_ROW).where(
    node.c.stream_id == bindparam("stream_id"),
    node.c.series_no == bindparam("no"),
    node.c.level == bindparam("level"),
)
_NODES_BETWEEN = Prepared(
    _NODES.where(node.c.n0 >= bindparam("begin"), node.c.n0 < bindparam("end")).order_by(node.c.n0)
)
_NODE_AT_STEP = (
    _NODES.where(node.c.first_step <= bindparam("step")).order_by(node.c.first_step.desc()).limit(1)
)
_NODES_OF_STEPS = (
    _NODES.where(node.c.first_step <= bindparam("last"), node.c.last_step >= bindparam("first"))
    .order_by(node.c.n0)
    .limit(bindparam("most"))
)
_OPEN = Prepared(
    select(batch.c.seq)
    .where(batch.c.stream_id == bindparam("stream_id"), batch.c.seq > bindparam("after"))
    .order_by(batch.c.seq)
)
_FRAMES = Prepared(
    select(batch.c.seq, batch.c.data)
    .where(
        batch.c.stream_id == bindparam("stream_id"),
        batch.c.seq >= bindparam("begin"),
        batch.c.seq <= bindparam("end"),
    )
    .order_by(batch.c.seq)
)
_MEMORY = select(memory.c.data).where(memory.c.stream_id == bindparam("stream_id"))
_REMARKS = (
    select(remark.c.data).where(remark.c.stream_id == bindparam("stream_id")).order_by(remark.c.seq)
)


@cache
def _rests(count: int) -> Prepared:
    query = select(series.c.no, series.c.rest).where(series.c.stream_id == bindparam("stream_id"))
    return Prepared(query.where(is_one_of(series.c.no, count)))


class Snapshot:
    """The sealed points and the open log as they were at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def streams(self, run_id: str) -> list[SealedStream]:
        """The streams of a run in order of arrival."""
        rows = _STREAMS_OF_RUN.find(self._connection, run_id=run_id)
        return [SealedStream(*row) for row in rows]

    def stream(self, stream_id: int) -> SealedStream:
        """One stream. Raises NoResultFound."""
        return SealedStream(*self._connection.execute(_ONE_STREAM, {"stream_id": stream_id}).one())

    def series(self, stream_id: int, name: str | None = None) -> list[SealedSeries]:
        """The sealed series of a stream, of one name or of all, in order."""
        if name is None:
            rows = _ALL_SERIES.find(self._connection, stream_id=stream_id)
        else:
            rows = _SERIES_OF_NAME.find(self._connection, stream_id=stream_id, name=name)
        return [SealedSeries(*row) for row in rows]

    def rest(self, of: SealedSeries) -> bytes:
        """The points of a series that fill no chunk yet."""
        ((found,),) = _REST.find(self._connection, **_key(of))
        return cast(bytes, found)

    def rests(self, stream_id: int, numbers: Collection[int]) -> dict[int, bytes]:
        """The same of several series of a stream, by their numbers."""
        if not numbers:
            return {}
        asked = several(numbers)
        rows = _rests(len(asked)).find(self._connection, stream_id=stream_id, **asked)
        return dict(rows)

    def nodes(self, of: SealedSeries, level: int, begin: int, end: int) -> list[Node]:
        """The rows of a level that begin at these of a series' points, in order."""
        which = {**_key(of), "level": level, "begin": begin, "end": end}
        return [Node(*row) for row in _NODES_BETWEEN.find(self._connection, **which)]

    def node_at(self, of: SealedSeries, level: int, step: int) -> Node | None:
        """The last row of a level that begins at or before a step."""
        which = {**_key(of), "level": level, "step": step}
        row = self._connection.execute(_NODE_AT_STEP, which).one_or_none()
        return None if row is None else Node(*row)

    def nodes_of_steps(
        self, of: SealedSeries, level: int, first: int, last: int, most: int
    ) -> list[Node]:
        """The first rows of a level that lie within some steps, or partly."""
        which = {**_key(of), "level": level, "first": first, "last": last, "most": most}
        return [Node(*row) for row in self._connection.execute(_NODES_OF_STEPS, which)]

    def open_frames(self, of: SealedStream) -> list[int]:
        """The number of each frame that is not sealed, in order."""
        rows = _OPEN.find(self._connection, stream_id=of.id, after=of.sealed_seq)
        return [seq for (seq,) in rows]

    def frames(self, stream_id: int, begin: int, end: int) -> list[tuple[int, bytes]]:
        """The frames with these numbers, the last inclusive."""
        rows = _FRAMES.find(self._connection, stream_id=stream_id, begin=begin, end=end)
        return [(seq, data) for seq, data in rows]

    def memory(self, stream_id: int) -> bytes | None:
        """What the brain remembers of what is sealed."""
        return self._connection.scalar(_MEMORY, {"stream_id": stream_id})

    def remarks(self, stream_id: int) -> list[bytes]:
        """What the sealed frames said beside their points, in order."""
        return list(self._connection.scalars(_REMARKS, {"stream_id": stream_id}))


def _key(of: SealedSeries) -> dict[str, Any]:
    return {"stream_id": of.stream_id, "no": of.no}
