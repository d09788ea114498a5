"""Messages on their way out: what a channel is told next, and what became of it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, insert, select, update

from nanwatch_monitor.alerts.grouping import (
    CHANNEL,
    MINUTE_S,
    Choice,
    Spoken,
    Waiting,
    group_of,
    next_message,
)
from nanwatch_monitor.incidents import Incident
from nanwatch_monitor.store.alert_tables import attempt, incident, outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.incident_rows import incidents_by_ids
from nanwatch_monitor.store.tables import run
from nanwatch_monitor.store.telling import Teller, take_turns

MOST_SHOWN = 20  # incidents in one message; of the others it is said how many they are
DEAD_AFTER = 5  # attempts; then the other channels are told
TEST_PREFIX = "msg_test"  # what the ids of tests begin with
KEEP_ATTEMPTS_S = 90 * 24 * 3600.0

_LEASE_S = 30.0  # a claimed message comes up again when its sender dies; sending takes less
_AT_ONCE = 2000


@dataclass(frozen=True)
class Message:
    """A message to one channel.

    Attributes:
        message_id: the same at every attempt, so that a receiver can drop repetitions.
        telling: what it tells of its incidents, such as "firing"; of several kinds, the first.
        group: see `nanwatch_monitor.alerts.grouping`.
        words: what it says when it is about no incident.
        attempts: how often it was tried, this time included.
        created_at: when its oldest news came up, in seconds since 1970.
        incident_ids: all that it is about; `incidents` are the first of them.
    """

    message_id: str
    channel: str
    telling: str
    group: str = ""
    words: str = ""
    attempts: int = 1
    created_at: float = 0.0
    incident_ids: tuple[int, ...] = ()
    incidents: tuple[Incident, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt.

    Attributes:
        at: seconds since 1970.
        state: "sent", "retry" or "failed".
        status: what the receiver answered, if it did.
        retry_at: when to try again.
    """

    at: float
    state: str
    status: int | None
    latency_ms: int
    error: str = ""
    retry_at: float = 0.0


class OutboxStore:
    """Hands out messages and keeps what became of them."""

    def __init__(self, database: Database, teller: Teller) -> None:
        self._database, self._teller = database, teller

    def due_channels(self, now: float) -> tuple[list[str], float]:
        """The channels for which something is due, and when the next of all that waits will be."""
        later = func.min(case((outbox.c.due_at > now, outbox.c.due_at)))
        query = select(outbox.c.channel, func.min(outbox.c.due_at), later)
        waiting = query.where(outbox.c.state == "waiting").group_by(outbox.c.channel)
        with self._database.read() as connection:
            rows = connection.execute(waiting).all()
        due = [channel for channel, first, _ in rows if first <= now]
        return due, min((later for *_, later in rows if later is not None), default=math.inf)

    def claim(self, channel: str, now: float) -> Message | None:
        """What a channel is to be told now, for this caller alone; None when nothing is."""
        with self._database.write() as connection:
            take_turns(connection, f"outbox {channel}")
            rows = connection.execute(_rows(channel, now)).all()
            begun = next((row for row in rows if row.message_id is not None), None)
            if begun is not None:
                claimed = _again(connection, channel, begun.message_id, now)
            else:
                claimed = _composed(connection, channel, rows, now)
            return _message(connection, channel, claimed) if claimed else None

    def finish(self, message: Message, channel_kind: str, outcome: Outcome) -> bool:
        """Keep what became of an attempt.

        Returns:
            Whether the channel is found dead by it; then the others are told in the same moment.
        """
        values: dict[str, Any] = {"error": outcome.error}
        if outcome.state == "retry":
            values["due_at"] = outcome.retry_at
        else:
            values["state"] = outcome.state
        with self._database.write() as connection:
            of_message = outbox.c.message_id == message.message_id
            connection.execute(update(outbox).where(of_message).values(values))
            dies = _looks_dead(outcome, message) and not _is_dead(connection, message.channel)
            connection.execute(insert(attempt).values(_logged(message, channel_kind, outcome)))
            if dies:
                words = f"The channel {message.channel} takes no messages: {outcome.error}"
                self._teller.warn(connection, message.channel, words, outcome.at)
        return dies

    def give_up(self, channel: str, reason: str) -> None:
        """Send nothing more of what waits for a channel."""
        waiting = (outbox.c.channel == channel, outbox.c.state == "waiting")
        with self._database.write() as connection:
            given_up = update(outbox).where(*waiting).values(state="failed", error=reason)
            connection.execute(given_up)

    def forget(self, now: float) -> None:
        """Forget attempts of long ago."""
        with self._database.write() as connection:
            connection.execute(delete(attempt).where(attempt.c.at < now - KEEP_ATTEMPTS_S))

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

    def lag_s(self, now: float) -> float:
        """How many seconds ago the message that is longest overdue was due."""
        query = select(func.min(outbox.c.due_at)).where(outbox.c.state == "waiting")
        with self._database.read() as connection:
            due_at = connection.scalar(query)
        return 0.0 if due_at is None else max(0.0, now - due_at)


def _due(now: float) -> tuple[ColumnElement[bool], ...]:
    return outbox.c.state == "waiting", outbox.c.due_at <= now


def _rows(channel: str, now: float) -> Any:
    """What is due for a channel, with what decides where it belongs."""
    columns = (outbox, incident.c.symptom, incident.c.severity, run.c.project, run.c.ended_at)
    return (
        select(*columns)
        .outerjoin(incident, incident.c.id == outbox.c.incident_id)
        .outerjoin(run, run.c.no == incident.c.run_no)
        .where(outbox.c.channel == channel, *_due(now))
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(_AT_ONCE)
    )


def _again(connection: Connection, channel: str, message_id: str, now: float) -> Sequence[Any]:
    """Claim a message that was tried before."""
    lease = {"due_at": now + _LEASE_S, "attempts": outbox.c.attempts + 1}
    this = (outbox.c.channel == channel, outbox.c.message_id == message_id)
    again = update(outbox).where(*this, outbox.c.state == "waiting").values(lease)
    return connection.execute(again.returning(outbox)).all()


def _composed(
    connection: Connection, channel: str, rows: Sequence[Row[Any]], now: float
) -> Sequence[Any]:
    """Claim a new message, if it is time for one."""
    if not rows or _is_troubled(connection, channel):
        return ()
    choice = next_message([_waiting(row) for row in rows], _spoken(connection, channel, now), now)
    return () if choice is None else _claimed(connection, choice, now)


def _claimed(connection: Connection, choice: Choice, now: float) -> Sequence[Any]:
    values = {
        "message_id": f"msg_{uuid.uuid4().hex}",
        "grouping": choice.group,
        "composed_at": now,
        "due_at": now + _LEASE_S,
        "attempts": 1,
    }
    claiming = update(outbox).where(outbox.c.id.in_(choice.ids)).values(values)
    return connection.execute(claiming.returning(outbox)).all()


def _is_troubled(connection: Connection, channel: str) -> bool:
    """Whether a message is being retried: the receiver is not to get still more meanwhile."""
    retried = select(outbox.c.id).where(
        outbox.c.channel == channel,
        outbox.c.state == "waiting",
        outbox.c.message_id.is_not(None),
        outbox.c.error != "",
        outbox.c.attempts < DEAD_AFTER,
    )
    return connection.scalar(retried.limit(1)) is not None


def _spoken(connection: Connection, channel: str, now: float) -> list[Spoken]:
    query = (
        select(func.min(outbox.c.grouping), func.min(outbox.c.composed_at))
        .where(outbox.c.channel == channel, outbox.c.composed_at > now - MINUTE_S)
        .group_by(outbox.c.message_id)
    )
    return [Spoken(group or "", at) for group, at in connection.execute(query)]


def _waiting(row: Row[Any]) -> Waiting:
    if row.incident_id is None:
        return Waiting(row.id, CHANNEL, True, row.created_at)
    group = group_of(row.project, row.symptom, row.kind, row.ended_at, row.created_at)
    return Waiting(row.id, group, row.severity == "critical", row.created_at)


def _message(connection: Connection, channel: str, rows: Sequence[Any]) -> Message:
    rows = sorted(rows, key=lambda row: row.id)
    ids = tuple(dict.fromkeys(row.incident_id for row in rows if row.incident_id is not None))
    return Message(
        message_id=rows[0].message_id,
        channel=channel,
        telling=rows[0].kind,
        group=rows[0].grouping or "",
        words="\n".join(dict.fromkeys(row.words for row in rows if row.words)),
        attempts=max(row.attempts for row in rows),
        created_at=min(row.created_at for row in rows),
        incident_ids=ids,
        incidents=tuple(incidents_by_ids(connection, ids[:MOST_SHOWN])),
    )


def _looks_dead(outcome: Outcome, message: Message) -> bool:
    if message.telling == "test":  # whoever made it sees what came of it
        return False
    return outcome.state == "failed" or message.attempts >= DEAD_AFTER


def _is_dead(connection: Connection, channel: str) -> bool:
    """Whether the channel was found dead before, and has taken nothing since."""
    of_channel = attempt.c.channel == channel
    last = select(func.max(attempt.c.id)).where(of_channel, attempt.c.state == "sent")
    since = attempt.c.id > (connection.scalar(last) or 0)
    gave_up = (attempt.c.state == "failed") | (attempt.c.attempt >= DEAD_AFTER)
    no_test = attempt.c.message_id.not_like(f"{TEST_PREFIX}%")
    found = select(attempt.c.id).where(of_channel, since, gave_up, no_test).limit(1)
    return connection.scalar(found) is not None


def _logged(message: Message, channel_kind: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "channel": message.channel,
        "channel_kind": channel_kind,
        "at": outcome.at,
        "attempt": message.attempts,
        "state": outcome.state,
        "status": outcome.status,
        "latency_ms": outcome.latency_ms,
        "error": outcome.error,
    }
