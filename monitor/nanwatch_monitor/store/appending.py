"""Several requests in one transaction: each is judged by itself, and written with the others.

A commit to the disk costs more than all else of a request, and one serves many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from nanwatch import events, wire
from nanwatch_monitor.store.prepared import Prepared, is_one_of, several
from nanwatch_monitor.store.receipts import (
    ConflictError,
    DeletedRunError,
    EndedRunError,
    ForeignProjectError,
    LogError,
    RawFrame,
    Receipt,
    SequenceGapError,
    UnknownRunError,
)
from nanwatch_monitor.store.runs import (
    LockedRun,
    advance,
    lock_runs,
    note_begun,
    note_resumed,
    open_run,
    write_runs,
)
from nanwatch_monitor.store.tables import batch, deleted_run, stream

_INSERT_FRAMES = Prepared(insert(batch))
_ADVANCE = Prepared(
    update(stream).where(stream.c.id == bindparam("stream_id")).values(last_seq=bindparam("upto"))
)


class Appending(NamedTuple):
    """One request: frames of one stream, at least one, in order, with their bytes.

    Attributes:
        project: the only one that the sender may write to; None is every one.
        sender: whose credential it came with.
    """

    frames: Sequence[RawFrame]
    project: str | None = None
    sender: str = ""

    @property
    def run_id(self) -> str:
        """The run that the frames belong to."""
        return self.frames[0][0].run_id

    @property
    def stream(self) -> str:
        """The token of the stream that the frames belong to."""
        return self.frames[0][0].stream

    @property
    def opens(self) -> events.RunStarted | None:
        """The word that opens the run, when it may be unknown yet."""
        first = self.frames[0][0]
        said = next(iter(first.events), None) if first.seq == 0 else None
        return said if isinstance(said, events.RunStarted) else None


@dataclass
class _Head:
    """How far a stream has come."""

    id: int
    run_no: int
    last_seq: int


class Group:
    """What requests write, gathered until `write`.

    Whoever locks several runs takes them in the order of their ids: requests are taken in that
    order too, or two servers could wait for each other.
    """

    def __init__(self, connection: Connection, now: float, requests: Collection[Appending]) -> None:
        self._connection, self._now = connection, now
        self._frames: list[dict[str, Any]] = []
        self._runs: dict[str, LockedRun] = {}
        self._heads: dict[str, _Head] = {}
        self._grown: dict[int, _Head] = {}
        self._advanced: dict[int, LockedRun] = {}
        if requests and not any(request.opens for request in requests):  # else one by one
            self._runs |= lock_runs(connection, {request.run_id for request in requests})
            self._heads |= _heads(connection, {request.stream for request in requests})

    def take(self, request: Appending) -> Receipt | LogError:
        """Judge a request; what it refuses leaves no trace."""
        try:
            with self._savepoint(request):
                return self._take(request)
        except LogError as error:
            if request.opens is not None:  # what was learned of it is undone
                self._runs.pop(request.run_id, None)
                self._heads.pop(request.stream, None)
            return error

    def write(self) -> None:
        """Write what was taken."""
        if self._frames:
            heads = [{"stream_id": one.id, "upto": one.last_seq} for one in self._grown.values()]
            _INSERT_FRAMES.write(self._connection, self._frames)
            _ADVANCE.write(self._connection, heads)
            write_runs(self._connection, self._advanced.values(), self._now)
            self._frames, self._grown, self._advanced = [], {}, {}

    def _savepoint(self, request: Appending) -> AbstractContextManager[Any]:
        """Only who opens a run writes before it is sure that all is well."""
        if request.opens is None:
            return nullcontext()
        self.write()  # what was taken before stays, whatever becomes of this one
        return self._connection.begin_nested()

    def _take(self, request: Appending) -> Receipt:
        known = self._locked(request)
        head, opened = self._find_or_open(known, request.frames[0][0])
        fresh = [raw for raw in request.frames if raw[0].seq > head.last_seq]
        _refuse_gaps(fresh, head.last_seq)
        if len(fresh) < len(request.frames):
            self._refuse_conflicts(head, request.frames)
        if fresh:
            self._gather(known, head, fresh)
        new = tuple([frame for frame, _ in fresh])
        return Receipt(head.id, head.last_seq, new, len(request.frames) - len(fresh), opened)

    def _locked(self, request: Appending) -> LockedRun:
        """The run, locked, after it was opened if need be."""
        connection, started = self._connection, request.opens
        if started is not None:
            open_run(connection, request.run_id, started, self._now)
        if request.run_id not in self._runs:
            self._runs |= lock_runs(connection, (request.run_id,))
        known = self._runs.get(request.run_id)
        if started is not None or known is None:  # with the lock held: nobody deletes it meanwhile
            _refuse_deleted(connection, request.run_id)
        if request.project is not None:
            _refuse_foreign(known, request.frames, request.project)
        if known is None:
            raise UnknownRunError("the run was never opened")
        return known

    def _find_or_open(self, known: LockedRun, first: wire.Frame) -> tuple[_Head, bool]:
        """The stream, and whether it was opened just now."""
        if first.stream not in self._heads:
            self._heads |= _heads(self._connection, (first.stream,))
        head = self._heads.get(first.stream)
        if head is None:
            head = self._heads[first.stream] = _open(self._connection, known, first)
            return head, True
        if head.run_no != known.no:
            raise ConflictError("the stream belongs to another run")
        return head, False

    def _gather(self, known: LockedRun, head: _Head, fresh: Sequence[RawFrame]) -> None:
        said = [event for frame, _ in fresh for event in frame.events]
        if known.resumed_by not in (None, head.id):  # the run went on since: it is not over
            said = [event for event in said if not isinstance(event, events.RunEnded)]
        advance(self._connection, known, said, self._now)
        self._frames += [
            {"stream_id": head.id, "seq": frame.seq, "crc": wire.checksum(raw), "data": raw}
            for frame, raw in fresh
        ]
        head.last_seq = fresh[-1][0].seq
        self._grown[head.id], self._advanced[known.no] = head, known

    def _refuse_conflicts(self, head: _Head, frames: Iterable[RawFrame]) -> None:
        """A number that was stored before must come with the same bytes."""
        again = {frame.seq: wire.checksum(raw) for frame, raw in frames}
        query = select(batch.c.seq, batch.c.crc).where(
            batch.c.stream_id == head.id, batch.c.seq.between(min(again), head.last_seq)
        )
        self.write()  # it may have been stored just before
        for seq, crc in self._connection.execute(query):
            if again.get(seq, crc) != crc:
                raise ConflictError(f"frame {seq} was stored before with other bytes")


def _refuse_foreign(known: LockedRun | None, frames: Sequence[RawFrame], project: str) -> None:
    """Other projects are out of reach, and which runs they have is not told either."""
    said = (event for frame, _ in frames for event in frame.events)
    named = {event.project for event in said if isinstance(event, events.RunStarted)}
    found = project if known is None else known.project
    if named - {project} or (named and found != project):
        raise ForeignProjectError("the run belongs to another project")
    if found != project:
        raise UnknownRunError("the run was never opened")


def _heads(connection: Connection, tokens: Collection[str]) -> dict[str, _Head]:
    """Those of some streams that are known, by their tokens."""
    asked = several(tokens)
    rows = _finding(len(asked)).find(connection, **asked)
    return {token: _Head(*rest) for token, *rest in rows}


@cache
def _finding(count: int) -> Prepared:
    columns = (stream.c.token, stream.c.id, stream.c.run_no, stream.c.last_seq)
    return Prepared(select(*columns).where(is_one_of(stream.c.token, count)))


def _open(connection: Connection, known: LockedRun, first: wire.Frame) -> _Head:
    if first.seq > 0:
        raise SequenceGapError(0)
    started = next(iter(first.events), None)
    if not isinstance(started, events.RunStarted):
        raise UnknownRunError("the stream does not begin with RunStarted")
    if not started.resumes:
        _begin_once(connection, known)
    values = {"run_no": known.no, "token": first.stream, "last_seq": -1, "watched_seq": -1}
    stream_id = connection.scalar(insert(stream).values(values).returning(stream.c.id))
    assert stream_id is not None  # noqa: S101 - for the type checker: INSERT returns its row
    if started.resumes:
        note_resumed(connection, known, stream_id)
    return _Head(stream_id, known.no, -1)


def _begin_once(connection: Connection, known: LockedRun) -> None:
    """One stream begins a run, whenever it arrives: it may have waited on a disk until others had
    resumed the run and ended it. So no clock is asked which of them came first.
    """
    if known.begun and known.progress.end_state is not None:
        raise EndedRunError(f"it ended as {known.progress.end_state}, and this stream is new")
    note_begun(connection, known)


def _refuse_deleted(connection: Connection, run_id: str) -> None:
    query = select(deleted_run.c.id).where(deleted_run.c.id == run_id)
    if connection.scalar(query) is not None:
        raise DeletedRunError("somebody deleted it")


def _refuse_gaps(fresh: Iterable[RawFrame], last_seq: int) -> None:
    for expected, (frame, _) in enumerate(fresh, start=last_seq + 1):
        if frame.seq != expected:
            raise SequenceGapError(expected)
