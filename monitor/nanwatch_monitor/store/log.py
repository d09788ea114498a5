"""The open log: the verbatim frames of every stream, stored exactly once and never changed.

A frame is known by (stream, seq). What was seen before is acknowledged again and not stored; what
comes too early is refused with the number that is expected. Sealed points take the place of old
frames (series.py); a frame that comes again after that is known by its number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, select

from nanwatch import wire
from nanwatch_monitor.store.appending import Appending, Group
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.receipts import LogError, RawFrame, Receipt
from nanwatch_monitor.store.tables import batch, run, stream

# Made once: building a statement costs as much as running it.
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
        (told,) = self.append_all([Appending(frames, project)], now)
        if isinstance(told, LogError):
            raise told
        return told

    def append_all(self, requests: Sequence[Appending], now: float) -> list[Receipt | LogError]:
        """Store several requests in one transaction; what is refused is so by itself.

        Returns:
            What became of each, in the same order. Those with a receipt are committed.
        """
        told: dict[int, Receipt | LogError] = {}
        with self._database.write() as connection:
            group = Group(connection, now, requests)
            for at in sorted(range(len(requests)), key=lambda at: requests[at].run_id):
                told[at] = group.take(requests[at])
            group.write()
        return [told[at] for at in range(len(requests))]

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
