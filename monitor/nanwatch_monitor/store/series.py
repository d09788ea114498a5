"""Sealing: chunks and rollups take the place of old frames, all or nothing.

Here are rows and bytes; what the bytes mean is known by `nanwatch_monitor.series`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Table, and_, bindparam, delete, insert, or_, select, update

from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.prepared import Prepared
from nanwatch_monitor.store.runs import lock_run_of
from nanwatch_monitor.store.sealed import Sealing
from nanwatch_monitor.store.snapshot import Snapshot
from nanwatch_monitor.store.tables import batch, memory, node, remark, run, series, stream

MANY_FRAMES = 256
SETTLED_S = 60.0  # after the end of a run: a late word may still come
SILENT_S = 600.0

_STATE = Prepared(
    select(stream.c.sealed_seq, stream.c.sealed_bytes, stream.c.watched_seq).where(
        stream.c.id == bindparam("stream_id")
    )
)
_ADVANCE = Prepared(
    update(stream)
    .where(stream.c.id == bindparam("of"))
    .values(
        sealed_seq=bindparam("sealed"),
        sealed_bytes=bindparam("bytes"),
        watched_seq=bindparam("watched"),
    )
)
_INSERT_NODES, _INSERT_REMARKS = Prepared(insert(node)), Prepared(insert(remark))
_DELETE_FRAMES = Prepared(
    delete(batch).where(batch.c.stream_id == bindparam("of"), batch.c.seq <= bindparam("upto"))
)


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


def _advance(connection: Connection, sealing: Sealing) -> bool:
    """What is sealed was judged: the brain's memory goes with it. The run is locked."""
    ((sealed, written, watched),) = _STATE.find(connection, stream_id=sealing.stream_id)
    if sealed != sealing.before:
        return False
    row = {
        "of": sealing.stream_id,
        "sealed": sealing.upto,
        "watched": max(watched, sealing.upto),
        "bytes": written + _written_bytes(sealing),
    }
    _ADVANCE.write(connection, [row])
    return True


def _written_bytes(sealing: Sealing) -> int:
    rows = sum(len(row.data) for _, row in sealing.nodes)
    return rows + sum(len(said) for _, said in sealing.remarks)


def _write(connection: Connection, sealing: Sealing) -> None:
    stream_id, dialect = sealing.stream_id, connection.dialect.name
    known = [{**vars(found), "rest": rest} for found, rest in sealing.series]
    if known:
        _insert_or_update(dialect, series).write(connection, known)
    remembered = {"stream_id": stream_id, "data": sealing.memory}
    _insert_or_update(dialect, memory).write(connection, [remembered])
    if sealing.nodes:
        which = [{"stream_id": stream_id, "series_no": no, **vars(n)} for no, n in sealing.nodes]
        _INSERT_NODES.write(connection, which)
    if sealing.remarks:
        said = [{"stream_id": stream_id, "seq": s, "data": data} for s, data in sealing.remarks]
        _INSERT_REMARKS.write(connection, said)
    _DELETE_FRAMES.write(connection, [{"of": stream_id, "upto": sealing.upto}])


@cache
def _insert_or_update(dialect: str, table: Table) -> Prepared:
    """What inserts rows; those whose key is known are written anew."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_into
    else:  # imported here: the dialect that is not used would only slow down the start
        from sqlalchemy.dialects.postgresql import insert as insert_into  # type: ignore[assignment]
    kept = {*table.primary_key.columns.keys(), series.c.thinned.name}  # thinned by somebody else
    new = insert_into(table)
    changes = {c.name: new.excluded[c.name] for c in table.c if c.name not in kept}
    return Prepared(new.on_conflict_do_update(index_elements=table.primary_key, set_=changes))
