"""Who did what that matters for security: written once, never changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.tables import audit

_MOST_CHARS = 300


@dataclass(frozen=True)
class Entry:
    """One thing that somebody did.

    Attributes:
        at: seconds since 1970.
        actor: who, in words that give no secret away.
        action: what, as "runs.delete".
        subject: to what: an id.
    """

    at: float
    actor: str
    action: str
    subject: str = ""
    detail: str = ""


class AuditStore:
    """Adds entries and reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, entry: Entry) -> None:
        """Add an entry."""
        row = {name: _cut(value) for name, value in vars(entry).items()}
        with self._database.write() as connection:
            connection.execute(insert(audit).values(row))

    def entries(self, limit: int, before_id: int | None = None) -> list[tuple[int, Entry]]:
        """Entries with their ids, the latest first."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(audit.c.id < before_id)
        with self._database.read() as connection:
            return [(row.id, Entry(*row[1:])) for row in connection.execute(query)]


def _cut(value: object) -> object:
    """PostgreSQL keeps no NUL, and nobody reads novels."""
    return value.replace("\0", "")[:_MOST_CHARS] if isinstance(value, str) else value
