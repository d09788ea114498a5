"""Alerts that nobody has taken up are told once more."""

from __future__ import annotations

from sqlalchemy import Select, case, func, select

from nanwatch_monitor.store.alert_tables import incident, outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.telling import Teller, is_inhibited, take_turns

REPEAT_S = 4 * 3600.0
NO_LONGER_S = 7 * 24 * 3600.0  # whoever has not looked by then will not for another message


class Reminders:
    """Reminds of alerts that are open, told and not muted."""

    def __init__(self, database: Database, teller: Teller) -> None:
        self._database, self._teller = database, teller

    def tell(self, now: float) -> list[int]:
        """Remind of what was last told of four hours ago; those that were reminded of.

        Whatever is due in the next two hours goes with it: one message instead of many.
        """
        with self._database.write() as connection:
            take_turns(connection, "reminders")
            found = connection.execute(_open(now)).all()
            due = any(row.told_at <= now - REPEAT_S for row in found)
            if not due or not self._teller.channels(connection):
                return []
            for row in found:
                self._teller.tell(connection, row.id, "reminder", now)
        return [row.id for row in found]


def _open(now: float) -> Select[tuple[int, float]]:
    """The alerts that wait for somebody, and when they were told of last."""
    told_at = func.max(outbox.c.composed_at)
    waiting = func.sum(case((outbox.c.state == "waiting", 1), else_=0))
    return (
        select(incident.c.id, told_at.label("told_at"))
        .join(outbox, outbox.c.incident_id == incident.c.id)
        .where(incident.c.state == "open", incident.c.severity != "info", ~incident.c.muted)
        .where(incident.c.opened_at > now - NO_LONGER_S, ~is_inhibited())
        .group_by(incident.c.id)
        .having(told_at <= now - REPEAT_S / 2, waiting == 0)
        .order_by(incident.c.id)
    )
