"""Sealed points: chunks and rollups in place of old frames, and one snapshot of both for readers.

Here are rows and bytes; what the bytes mean is known by `nanwatch_monitor.series`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.runs import lock_run_of
from nanwatch_monitor.store.tables import batch, memory, node, remark, run, series, stream

MANY_FRAMES = 256
SETTLED_S = 60.0  # after the end of a run: a late word may still come
SILENT_S = 600.0

_STREAM = (stream.c.id, stream.c.token, stream.c.watched_seq, stream.c.sealed_seq)
_KNOWN = tuple(column for column in series.c if column.name != "rest")
_ROW = (node.c.level, node.c.n0, node.c.first_step, node.c.last_step, node.c.data)

# Made once: building a statement costs as much as running it.
_STREAMS = select(*_STREAM).join(run, run.c.no == stream.c.run_no).order_by(stream.c.id)
_STREAMS_OF_RUN = _STREAMS.where(run.c.id == bindparam("run_id"))
_ONE_STREAM = _STREAMS.where(stream.c.id == bindparam("stream_id"))
_SERIES = select(*_KNOWN).where(series.c.stream_id == bindparam("stream_id")).order_by(series.c.no)
_SERIES_OF_NAME = _SERIES.where(series.c.name == bindparam("name"))
_REST = select(series.c.rest).where(
    series.c.stream_id == bindparam("stream_id"), series.c.no == bindparam("no")
)
_NODES = select(*_ROW).where(
    node.c.stream_id == bindparam("stream_id"),
    node.c.series_no == bindparam("no"),
    node.c.level == bindparam("level"),
)
_NODES_BETWEEN = _NODES.where(
    node.c.n0 >= bindparam("begin"), node.c.n0 < bindparam("end")
).order_by(node.c.n0)
_NODE_AT_STEP = (
    _NODES.where(node.c.first_step <= bindparam("step")).order_by(node.c.first_step.desc()).limit(1)
)
_NODES_OF_STEPS = (
    _NODES.where(node.c.first_step <= bindparam("last"), node.c.last_step >= bindparam("first"))
    .order_by(node.c.n0)
    .limit(bindparam("most"))
)
_OPEN = (
    select(batch.c.seq)
    .where(batch.c.stream_id == bindparam("stream_id"), batch.c.seq > bindparam("after"))
    .order_by(batch.c.seq)
)
_FRAMES = (
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


@dataclass(frozen=True)
class SealedStream:
    """How far the frames of a stream were judged, and how far they have become chunks."""

    id: int
    token: str
    watched_seq: int
    sealed_seq: int


@dataclass(frozen=True)
class SealedSeries:
    """Sealed points of one name with ever higher steps.

    Attributes:
        no: its number within the stream; a later one lies on top of an earlier one.
        n: all its points.
        low, high: of the finite ones, None without one.
        last: the value of the last one.
    """

    stream_id: int
    no: int
    name: str
    first_step: int
    last_step: int
    n: int
    n_nan: int
    n_pinf: int
    n_ninf: int
    low: float | None
    high: float | None
    last: float


@dataclass(frozen=True)
class Node:
    """A row of chunks (level 0) or rollups; `n0` points of its series come before it."""

    level: int
    n0: int
    first_step: int
    last_step: int
    data: bytes


@dataclass(frozen=True)
class Sealing:
    """All that becomes of the frames behind number `before` up to `upto`.

    Attributes:
        memory: what the brain remembers at `upto`.
        series: all that have new points, with those that fill no chunk yet.
        nodes: new rows, each with the number of its series.
        remarks: frames without their points, by their number.
    """

    stream_id: int
    before: int
    upto: int
    memory: bytes
    series: Sequence[tuple[SealedSeries, bytes]]
    nodes: Sequence[tuple[int, Node]]
    remarks: Sequence[tuple[int, bytes]]


class Snapshot:
    """The sealed points and the open log as they were at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def streams(self, run_id: str) -> list[SealedStream]:
        """The streams of a run in order of arrival."""
        rows = self._connection.execute(_STREAMS_OF_RUN, {"run_id": run_id})
        return [SealedStream(*row) for row in rows]

    def stream(self, stream_id: int) -> SealedStream:
        """One stream. Raises NoResultFound."""
        return SealedStream(*self._connection.execute(_ONE_STREAM, {"stream_id": stream_id}).one())

    def series(self, stream_id: int, name: str | None = None) -> list[SealedSeries]:
        """The sealed series of a stream, of one name or of all, in order."""
        which = {"stream_id": stream_id, "name": name}
        rows = self._connection.execute(_SERIES if name is None else _SERIES_OF_NAME, which)
        return [SealedSeries(*row) for row in rows]

    def rest(self, of: SealedSeries) -> bytes:
        """The points of a series that fill no chunk yet."""
        found: bytes = self._connection.execute(_REST, _key(of)).scalar_one()
        return found

    def nodes(self, of: SealedSeries, level: int, begin: int, end: int) -> list[Node]:
        """The rows of a level that begin at these of a series' points, in order."""
        which = {**_key(of), "level": level, "begin": begin, "end": end}
        return [Node(*row) for row in self._connection.execute(_NODES_BETWEEN, which)]

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
        which = {"stream_id": of.id, "after": of.sealed_seq}
        return list(self._connection.scalars(_OPEN, which))

    def frames(self, stream_id: int, begin: int, end: int) -> list[tuple[int, bytes]]:
        """The frames with these numbers, the last inclusive."""
        which = {"stream_id": stream_id, "begin": begin, "end": end}
        return [(seq, data) for seq, data in self._connection.execute(_FRAMES, which)]

    def memory(self, stream_id: int) -> bytes | None:
        """What the brain remembers of what is sealed."""
        return self._connection.scalar(_MEMORY, {"stream_id": stream_id})

    def remarks(self, stream_id: int) -> list[bytes]:
        """What the sealed frames said beside their points, in order."""
        return list(self._connection.scalars(_REMARKS, {"stream_id": stream_id}))


class SeriesStore:
    """Reads sealed points with the open log, and seals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """All that is read through it was there at one moment."""
        with self._database.read() as connection:
            yield Snapshot(connection)

    def seal(self, sealing: Sealing) -> bool:
        """Put chunks in the place of frames, all or nothing.

        Returns:
            False when another process was faster or the run was deleted; nothing was written.
        """
        with self._database.write() as connection:
            if lock_run_of(connection, sealing.stream_id) is None:
                return False
            if not _advance(connection, sealing):
                return False
            _write(connection, sealing)
            return True

    def due(self, now: float) -> list[int]:
        """The streams of which something is to be sealed: much of it, or all when it is over."""
        settled = and_(run.c.end_state.is_not(None), run.c.ended_at <= now - SETTLED_S)
        over = or_(settled, run.c.seen_at <= now - SILENT_S)
        much = stream.c.last_seq - stream.c.sealed_seq >= MANY_FRAMES
        query = (
            select(stream.c.id)
            .join(run, run.c.no == stream.c.run_no)
            .where(stream.c.last_seq > stream.c.sealed_seq, or_(much, over))
        )
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(stream.c.id)))


def _key(of: SealedSeries) -> dict[str, Any]:
    return {"stream_id": of.stream_id, "no": of.no}


def _advance(connection: Connection, sealing: Sealing) -> bool:
    """What is sealed was judged: the brain's memory goes with it."""
    moved = (
        update(stream)
        .where(stream.c.id == sealing.stream_id, stream.c.sealed_seq == sealing.before)
        .values(
            sealed_seq=sealing.upto, sealed_bytes=stream.c.sealed_bytes + _written_bytes(sealing)
        )
    )
    if connection.execute(moved).rowcount == 0:
        return False
    behind = (stream.c.id == sealing.stream_id, stream.c.watched_seq < sealing.upto)
    connection.execute(update(stream).where(*behind).values(watched_seq=sealing.upto))
    return True


def _written_bytes(sealing: Sealing) -> int:
    rows = sum(len(row.data) for _, row in sealing.nodes)
    return rows + sum(len(said) for _, said in sealing.remarks)


def _write(connection: Connection, sealing: Sealing) -> None:
    stream_id = sealing.stream_id
    known = [{**vars(found), "rest": rest} for found, rest in sealing.series]
    _put(connection, series, known)
    _put(connection, memory, [{"stream_id": stream_id, "data": sealing.memory}])
    if sealing.nodes:
        which = [{"stream_id": stream_id, "series_no": no, **vars(n)} for no, n in sealing.nodes]
        connection.execute(insert(node), which)
    if sealing.remarks:
        said = [{"stream_id": stream_id, "seq": s, "data": data} for s, data in sealing.remarks]
        connection.execute(insert(remark), said)
    sealed = batch.c.seq.between(sealing.before + 1, sealing.upto)
    connection.execute(delete(batch).where(batch.c.stream_id == stream_id, sealed))


def _put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; those whose key is known are written anew."""
    if rows:
        connection.execute(_insert_or_update(connection.dialect.name, table), rows)


@cache
def _insert_or_update(dialect: str, table: Table) -> Insert:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_into
    else:  # imported here: the dialect that is not used would only slow down the start
        from sqlalchemy.dialects.postgresql import insert as insert_into  # type: ignore[assignment]
    new = insert_into(table)
    changes = {c.name: new.excluded[c.name] for c in table.c if not c.primary_key}
    return new.on_conflict_do_update(index_elements=table.primary_key, set_=changes)
