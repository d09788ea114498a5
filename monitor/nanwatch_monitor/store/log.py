"""The open log: the verbatim frames of every stream, stored exactly once and never changed.

A frame is known by (stream, seq). What was seen before is acknowledged again and not stored; what
comes too early is refused with the number that is expected. Sealed points take the place of old
frames (series.py); a frame that comes again after that is known by its number alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Integer, bindparam, insert, select, update

from nanwatch import events, wire
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.runs import advance_run, lock_run, open_run
from nanwatch_monitor.store.tables import batch, deleted_run, run, stream

# Made once: building a statement costs as much as running it.
_FIND_STREAM = select(stream.c.id, stream.c.run_no, stream.c.last_seq).where(
    stream.c.token == bindparam("token")
)
_INSERT_FRAMES = insert(batch)
_ADVANCE = (
    update(stream).where(stream.c.id == bindparam("stream_id")).values(last_seq=bindparam("upto"))
)
_FRAMES = (
    select(batch.c.data)
    .where(batch.c.stream_id == bindparam("stream_id"), batch.c.seq > bindparam("after"))
    .order_by(batch.c.seq)
    .limit(bindparam("most", type_=Integer))
)
_HEADS = (
    select(stream.c.id, run.c.id, stream.c.last_seq, stream.c.watched_seq)
    .join(run, run.c.no == stream.c.run_no)
    .order_by(stream.c.id)
)
_HEADS_OF_RUN = _HEADS.where(run.c.id == bindparam("of"))
_UNWATCHED = _HEADS.where(stream.c.watched_seq < stream.c.last_seq)
_HEAD_OF_STREAM = _HEADS.where(stream.c.id == bindparam("of"))

READ_FRAMES = 64  # of half a MiB when a spool was long alone: what one reader holds at a time

RawFrame = tuple[wire.Frame, bytes]


class LogError(Exception):
    """A frame that cannot be stored; nothing of its request was."""


class UnknownRunError(LogError):
    """A stream that does not begin with RunStarted."""


class DeletedRunError(LogError):
    """Somebody deleted the run; nothing more of it is taken in."""


class ForeignProjectError(LogError):
    """The sender may write to one project, and this is another."""


class SequenceGapError(LogError):
    """A frame came too early."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"frame {expected} has not arrived yet")
        self.expected = expected


class ConflictError(LogError):
    """The same stream and number were stored before, with other bytes or for another run."""


@dataclass(frozen=True)
class Receipt:
    """What became of a request.

    Attributes:
        acked: the number of the last stored frame of the stream.
        fresh: the frames that were not stored before.
        opened: whether this request made the stream.
    """

    stream_id: int
    acked: int
    fresh: tuple[wire.Frame, ...]
    duplicates: int
    opened: bool


@dataclass(frozen=True)
class StreamHead:
    """How far a stream has come, and how far the brain has followed."""

    id: int
    run_id: str
    last_seq: int
    watched_seq: int


class BatchLog:
    """Appends frames and reads them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, frames: Sequence[RawFrame], now: float, project: str | None = None) -> Receipt:
        """Store the frames of one stream; when this returns, they are committed.

        Args:
            frames: in order, at least one, all of one run and stream, with their bytes.
            now: the server's clock.
            project: the only one that the sender may write to; None is every one.

        Raises:
            LogError: nothing was stored.
        """
        with self._database.write() as connection:
            return _append(connection, frames, now, project)

    def frames(self, stream_id: int, after: int, limit: int = READ_FRAMES) -> list[wire.Frame]:
        """Up to `limit` frames behind number `after`, in order."""
        which = {"stream_id": stream_id, "after": after, "most": limit}
        with self._database.read() as connection:
            rows = connection.scalars(_FRAMES, which).all()
        return [wire.decode(data) for data in rows]

    def heads(self, run_id: str) -> list[StreamHead]:
        """The streams of a run in order of arrival."""
        with self._database.read() as connection:
            rows = connection.execute(_HEADS_OF_RUN, {"of": run_id})
            return [StreamHead(*row) for row in rows]

    def head(self, stream_id: int) -> StreamHead:
        """One stream."""
        with self._database.read() as connection:
            return StreamHead(*connection.execute(_HEAD_OF_STREAM, {"of": stream_id}).one())

    def unwatched(self) -> list[StreamHead]:
        """The streams with frames that the brain is not known to have seen."""
        with self._database.read() as connection:
            return [StreamHead(*row) for row in connection.execute(_UNWATCHED)]


def _append(
    connection: Connection, frames: Sequence[RawFrame], now: float, project: str | None
) -> Receipt:
    first = frames[0][0]
    started = next(iter(first.events), None)
    if first.seq == 0 and isinstance(started, events.RunStarted):
        open_run(connection, first.run_id, started, now)
    locked = lock_run(connection, first.run_id)
    if (
        first.seq == 0 or locked is None
    ):  # asked with the lock held, so that nobody deletes it meanwhile
        _refuse_deleted(connection, first.run_id)
    if project is not None:
        _refuse_foreign(connection, frames, project)
    if locked is None:
        raise UnknownRunError("the run was never opened")
    no, progress = locked
    stream_id, last_seq, opened = _find_or_open(connection, no, first)
    fresh = [raw for raw in frames if raw[0].seq > last_seq]
    _refuse_gaps(fresh, last_seq)
    _refuse_conflicts(connection, stream_id, frames, last_seq)
    if fresh:
        _insert(connection, stream_id, fresh)
        said = [event for frame, _ in fresh for event in frame.events]
        advance_run(connection, no, progress, said, now)
    acked = fresh[-1][0].seq if fresh else last_seq
    new = tuple(frame for frame, _ in fresh)
    return Receipt(stream_id, acked, new, len(frames) - len(fresh), opened)


def _refuse_foreign(connection: Connection, frames: Sequence[RawFrame], project: str) -> None:
    """Other projects are out of reach, and which runs they have is not told either."""
    said = (event for frame, _ in frames for event in frame.events)
    named = {event.project for event in said if isinstance(event, events.RunStarted)}
    query = select(run.c.project).where(run.c.id == frames[0][0].run_id)
    known = connection.scalar(query) or project
    if named - {project} or (named and known != project):
        raise ForeignProjectError("the run belongs to another project")
    if known != project:
        raise UnknownRunError("the run was never opened")


def _find_or_open(connection: Connection, no: int, first: wire.Frame) -> tuple[int, int, bool]:
    """The stream's id and last number, and whether it was opened just now."""
    row = connection.execute(_FIND_STREAM, {"token": first.stream}).one_or_none()
    if row is not None:
        if row.run_no != no:
            raise ConflictError("the stream belongs to another run")
        return row.id, row.last_seq, False
    if first.seq > 0:
        raise SequenceGapError(0)
    if not first.events or not isinstance(first.events[0], events.RunStarted):
        raise UnknownRunError("the stream does not begin with RunStarted")
    values = {"run_no": no, "token": first.stream, "last_seq": -1, "watched_seq": -1}
    stream_id = connection.scalar(insert(stream).values(values).returning(stream.c.id))
    assert stream_id is not None  # noqa: S101 - for the type checker: INSERT returns its row
    return stream_id, -1, True


def _refuse_deleted(connection: Connection, run_id: str) -> None:
    query = select(deleted_run.c.id).where(deleted_run.c.id == run_id)
    if connection.scalar(query) is not None:
        raise DeletedRunError("somebody deleted it")


def _refuse_gaps(fresh: Iterable[RawFrame], last_seq: int) -> None:
    for expected, (frame, _) in enumerate(fresh, start=last_seq + 1):
        if frame.seq != expected:
            raise SequenceGapError(expected)


def _refuse_conflicts(
    connection: Connection, stream_id: int, frames: Iterable[RawFrame], last_seq: int
) -> None:
    """A number that was stored before must come with the same bytes."""
    again = {frame.seq: wire.checksum(raw) for frame, raw in frames if frame.seq <= last_seq}
    if not again:
        return
    query = select(batch.c.seq, batch.c.crc).where(
        batch.c.stream_id == stream_id, batch.c.seq.between(min(again), max(again))
    )
    for seq, crc in connection.execute(query):
        if again.get(seq, crc) != crc:
            raise ConflictError(f"frame {seq} was stored before with other bytes")


def _insert(connection: Connection, stream_id: int, fresh: Sequence[RawFrame]) -> None:
    rows = [
        {"stream_id": stream_id, "seq": frame.seq, "crc": wire.checksum(raw), "data": raw}
        for frame, raw in fresh
    ]
    connection.execute(_INSERT_FRAMES, rows)
    connection.execute(_ADVANCE, {"stream_id": stream_id, "upto": fresh[-1][0].seq})
