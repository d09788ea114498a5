"""For how long runs are kept whole, and at all; and which of them are older than that."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, or_, select

from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.tables import retention, run

DAY_S = 86_400.0
SILENT_S = DAY_S
"""A run that was not heard for so long is over, whether it said so or not."""


@dataclass(frozen=True)
class Retention:
    """After how many days a run that is over is thinned, and deleted; None is never."""

    thin_after_days: int | None = None
    delete_after_days: int | None = None


class RetentionStore:
    """Reads and writes the rule, and finds the runs that it is for. Pinned runs are left alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rule(self) -> Retention:
        """What was decided; nothing goes by itself unless somebody said so."""
        columns = (retention.c.thin_after_days, retention.c.delete_after_days)
        with self._database.read() as connection:
            row = connection.execute(select(*columns)).one_or_none()
        return Retention(*row) if row is not None else Retention()

    def decide(self, rule: Retention) -> None:
        """Write the rule."""
        with self._database.write() as connection:
            connection.execute(delete(retention))
            connection.execute(insert(retention).values(no=1, **vars(rule)))

    def to_thin(self, days: int, now: float) -> list[str]:
        """The runs that ended so long ago and were not thinned since they were last heard."""
        whole = or_(run.c.thinned_at.is_(None), run.c.thinned_at < run.c.seen_at)
        return self._over(days, now, whole)

    def to_delete(self, days: int, now: float) -> list[str]:
        """The runs that ended so long ago."""
        return self._over(days, now)

    def _over(self, days: int, now: float, *also: ColumnElement[bool]) -> list[str]:
        """A clock of the training may be wrong; when it was last heard says the server's own."""
        over = or_(run.c.end_state.is_not(None), run.c.seen_at <= now - SILENT_S)
        since = func.coalesce(run.c.ended_at, run.c.seen_at)
        old = (since <= now - days * DAY_S, run.c.seen_at <= now - days * DAY_S)
        query = select(run.c.id).where(over, *old, run.c.pinned.is_(False), *also)
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(run.c.no)))
