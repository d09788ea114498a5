"""Messages on their way out: which are due, and what became of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select, update

from nanwatch_monitor.incidents import Incident
from nanwatch_monitor.store.alert_tables import outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.incident_rows import incidents_by_ids

_LEASE_S = 30.0  # a claimed message comes up again when its sender dies; sending takes 5 s


@dataclass(frozen=True)
class Message:
    """A message about an incident.

    Attributes:
        message_id: the same at every attempt, so that a receiver can drop repetitions.
        attempts: how often it was tried, this time included.
    """

    id: int
    message_id: str
    attempts: int
    created_at: float
    incident: Incident


class OutboxStore:
    """Hands out due messages and keeps what became of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, now: float) -> Message | None:
        """The next due message, for this caller alone, or None."""
        due = (
            select(outbox)
            .where(outbox.c.state == "waiting", outbox.c.due_at <= now)
            .order_by(outbox.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._database.write() as connection:
            row = connection.execute(due).one_or_none()
            if row is None:
                return None
            message_id = row.message_id or f"msg_{uuid.uuid4().hex}"
            values = {"due_at": now + _LEASE_S, "attempts": row.attempts + 1}
            values |= {"message_id": message_id, "composed_at": row.composed_at or now}
            connection.execute(update(outbox).where(outbox.c.id == row.id).values(values))
            (about,) = incidents_by_ids(connection, [row.incident_id])
        return Message(row.id, message_id, row.attempts + 1, row.created_at, about)

    def sent(self, message: Message) -> None:
        """The message has arrived."""
        self._write(message, state="sent", error="")

    def retry(self, message: Message, due_at: float, error: str) -> None:
        """The message has not arrived; try again."""
        self._write(message, due_at=due_at, error=error)

    def fail(self, message: Message, error: str) -> None:
        """The message will never arrive."""
        self._write(message, state="failed", error=error)

    def counts(self) -> dict[str, int]:
        """How many messages wait, and how many will never arrive."""
        query = (
            select(outbox.c.state, func.count())
            .where(outbox.c.state.in_(("waiting", "failed")))
            .group_by(outbox.c.state)
        )
        with self._database.read() as connection:
            found: dict[str, int] = dict(connection.execute(query).all())
        return {"waiting": 0, "failed": 0} | found

    def _write(self, message: Message, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(update(outbox).where(outbox.c.id == message.id).values(values))
