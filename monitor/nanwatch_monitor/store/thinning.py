"""Thinning: the exact points of an old run go, its rollups, incidents and odd values stay."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, func, select, update

from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.tables import node, run, series, stream

_AT_ONCE = 64  # rows of the first rollup: so many chunks go that writers wait no longer than a seal


class _Part(NamedTuple):
    stream_id: int
    no: int
    begin: int
    end: int


class Thinning:
    """Thins runs.

    Args:
        row: how many points the first rollup sums up in a row; chunks without one stay.
    """

    def __init__(self, database: Database, row: int) -> None:
        self._database, self._row = database, row

    def thin(self, run_id: str, now: float) -> int | None:
        """Remove all exact points of a run that are summed up; how many bytes. None without a run.

        A transaction a part: when it is interrupted, it goes on from there the next time.
        """
        freed = 0
        with self._database.read() as connection:
            if connection.scalar(select(run.c.no).where(run.c.id == run_id)) is None:
                return None
        while (part := self._thin_part(run_id)) is not None:
            freed += part
        with self._database.write() as connection:
            done = update(run).where(run.c.id == run_id).values(thinned_at=now)
            connection.execute(done)
        return freed

    def _thin_part(self, run_id: str) -> int | None:
        """Thin a part of a series; how many bytes it had. None when nothing is left to thin."""
        with self._database.write() as connection:
            locked = select(run.c.no).where(run.c.id == run_id).with_for_update()
            no = connection.scalar(locked)
            part = None if no is None else self._next(connection, no)
            return None if part is None else _removed(connection, part)

    def _next(self, connection: Connection, no: int) -> _Part | None:
        query = (
            select(series.c.stream_id, series.c.no, series.c.thinned, series.c.n)
            .join(stream, stream.c.id == series.c.stream_id)
            .where(stream.c.run_no == no, series.c.n - series.c.thinned >= self._row)
            .limit(1)
        )
        found = connection.execute(query).one_or_none()
        if found is None:
            return None
        end = min(found.n // self._row * self._row, found.thinned + _AT_ONCE * self._row)
        return _Part(found.stream_id, found.no, found.thinned, end)


def _removed(connection: Connection, part: _Part) -> int:
    chunks: Any = and_(
        node.c.stream_id == part.stream_id,
        node.c.series_no == part.no,
        node.c.level == 0,
        node.c.n0.between(part.begin, part.end - 1),
    )
    size = connection.scalar(select(func.sum(func.length(node.c.data))).where(chunks)) or 0
    connection.execute(delete(node).where(chunks))
    same = (series.c.stream_id == part.stream_id, series.c.no == part.no)
    connection.execute(update(series).where(*same).values(thinned=part.end))
    fewer = stream.c.sealed_bytes - size
    of = stream.c.id == part.stream_id
    connection.execute(update(stream).where(of).values(sealed_bytes=fewer))
    return int(size)
