"""Several requests in one transaction: each is judged by itself, and written with the others.

A commit to the disk costs more than all else of a request, and one serves many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from nanwatch import events, wire
from nanwatch_monitor.run_record import Progress
from nanwatch_monitor.store.receipts import (
    ConflictError,
    DeletedRunError,
    ForeignProjectError,
    LogError,
    RawFrame,
    Receipt,
    SequenceGapError,
    UnknownRunError,
)
from nanwatch_monitor.store.runs import lock_run, new_row, open_run, write_rows
from nanwatch_monitor.store.tables import batch, deleted_run, run, stream

# Made once: building a statement costs as much as running it.
_FIND_STREAM = select(stream.c.id, stream.c.run_no, stream.c.last_seq).where(
    stream.c.token == bindparam("token")
)
_INSERT_FRAMES = insert(batch)
_ADVANCE = (
    update(stream).where(stream.c.id == bindparam("stream_id")).values(last_seq=bindparam("upto"))
)


class Appending(NamedTuple):
    """One request: frames of one stream, at least one, in order, with their bytes.

    Attributes:
        project: the only one that the sender may write to; None is every one.
    """

    frames: Sequence[RawFrame]
    project: str | None = None

    @property
    def run_id(self) -> str:
        """The run that the frames belong to."""
        return self.frames[0][0].run_id

    @property
    def opens(self) -> events.RunStarted | None:
        """The word that opens the run, when it may be unknown yet."""
        first = self.frames[0][0]
        said = next(iter(first.events), None) if first.seq == 0 else None
        return said if isinstance(said, events.RunStarted) else None


class Group:
    """What requests write, gathered until `write`.

    Whoever locks several runs takes them in the order of their ids: requests are taken in that
    order too, or two servers could wait for each other.
    """

    def __init__(self, connection: Connection, now: float) -> None:
        self._connection, self._now = connection, now
        self._frames: list[dict[str, Any]] = []
        self._heads: list[dict[str, Any]] = []
        self._runs: list[dict[str, Any]] = []
        self._taken: set[str] = set()

    def take(self, request: Appending) -> Receipt | LogError:
        """Judge a request; what it refuses leaves no trace."""
        if request.run_id in self._taken:  # it reads what the earlier one has written
            self.write()
        self._taken.add(request.run_id)
        try:
            with self._savepoint(request):
                return self._take(request)
        except LogError as error:
            return error

    def _savepoint(self, request: Appending) -> AbstractContextManager[Any]:
        """Only who opens a run writes before it is sure that all is well."""
        return nullcontext() if request.opens is None else self._connection.begin_nested()

    def write(self) -> None:
        """Write what was taken."""
        if self._frames:
            self._connection.execute(_INSERT_FRAMES, self._frames)
            self._connection.execute(_ADVANCE, self._heads)
            write_rows(self._connection, self._runs)
        self._frames, self._heads, self._runs = [], [], []

    def _take(self, request: Appending) -> Receipt:
        connection, first = self._connection, request.frames[0][0]
        no, progress = self._locked(request)
        stream_id, last_seq, opened = _find_or_open(connection, no, first)
        fresh = [raw for raw in request.frames if raw[0].seq > last_seq]
        _refuse_gaps(fresh, last_seq)
        _refuse_conflicts(connection, stream_id, request.frames, last_seq)
        if fresh:
            self._gather(no, progress, stream_id, fresh)
        acked = fresh[-1][0].seq if fresh else last_seq
        new = tuple(frame for frame, _ in fresh)
        return Receipt(stream_id, acked, new, len(request.frames) - len(fresh), opened)

    def _locked(self, request: Appending) -> tuple[int, Progress]:
        """The run, locked, after it was opened if need be."""
        connection, started = self._connection, request.opens
        if started is not None:
            open_run(connection, request.run_id, started, self._now)
        locked = lock_run(connection, request.run_id)
        if started is not None or locked is None:  # with the lock held: nobody deletes it meanwhile
            _refuse_deleted(connection, request.run_id)
        if request.project is not None:
            _refuse_foreign(connection, request.frames, request.project)
        if locked is None:
            raise UnknownRunError("the run was never opened")
        return locked

    def _gather(
        self, no: int, progress: Progress, stream_id: int, fresh: Sequence[RawFrame]
    ) -> None:
        said = [event for frame, _ in fresh for event in frame.events]
        self._frames += [
            {"stream_id": stream_id, "seq": frame.seq, "crc": wire.checksum(raw), "data": raw}
            for frame, raw in fresh
        ]
        self._heads.append({"stream_id": stream_id, "upto": fresh[-1][0].seq})
        self._runs.append(new_row(self._connection, no, progress, said, self._now))


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
