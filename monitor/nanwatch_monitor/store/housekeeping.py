"""Housekeeping: deleting runs, giving their space back, and how large runs are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing

from sqlalchemy import Column, Connection, Select, delete, func, insert, select

from nanwatch_monitor.store.alert_tables import incident, outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.tables import batch, deleted_run, run, series, stream

_PAGES_AT_ONCE = 256  # 4 MiB: writers wait no longer than for that


class Housekeeping:
    """Deletes and measures runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def delete(self, run_id: str, now: float) -> bool:
        """Delete a run with all that belongs to it, for good. False when there is none.

        What is still on its way of it is refused from now on.
        """
        with self._database.write() as connection:
            known = select(run.c.no).where(run.c.id == run_id).with_for_update()
            no = connection.scalar(known)
            if no is None:
                return False
            streams = select(stream.c.id).where(stream.c.run_no == no)
            incidents = select(incident.c.id).where(incident.c.run_no == no)
            for statement in (
                delete(outbox).where(outbox.c.incident_id.in_(incidents)),
                delete(incident).where(incident.c.run_no == no),
                delete(batch).where(batch.c.stream_id.in_(streams)),
                delete(stream).where(stream.c.run_no == no),  # what is sealed goes with it
                delete(run).where(run.c.no == no),
                insert(deleted_run).values(id=run_id, deleted_at=now),
            ):
                connection.execute(statement)
            return True

    def give_back_space(self) -> None:
        """Make an SQLite file smaller by the pages that nothing needs, a few at a time.

        PostgreSQL does so by itself: its autovacuum makes the space free for new rows.
        """
        if not self._database.is_sqlite:
            return
        while self._shrink():
            pass

    def sizes(self, run_nos: Sequence[int]) -> Counter[int]:
        """How many bytes of points and words are stored of some runs."""
        found: Counter[int] = Counter()
        for size in (
            select(stream.c.run_no, func.sum(stream.c.sealed_bytes)),
            _stored(batch.c.data, batch.c.stream_id),
            _stored(series.c.rest, series.c.stream_id),
        ):
            query = size.where(stream.c.run_no.in_(run_nos)).group_by(stream.c.run_no)
            with self._database.read() as connection:
                found.update({no: int(n) for no, n in connection.execute(query)})
        return found

    def _shrink(self) -> bool:
        """Give some pages back; whether there is more to give. An older file keeps its pages."""
        with self._database.write() as connection:
            before = _free_pages(connection)
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})")
                cursor.fetchall()  # each row that is asked for moves a page
            return 0 < _free_pages(connection) < before


def _free_pages(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def _stored(data: Column[bytes], stream_id: Column[int]) -> Select[tuple[int, int]]:
    total = select(stream.c.run_no, func.sum(func.length(data)))
    return total.join(stream, stream.c.id == stream_id)
