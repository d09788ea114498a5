"""Channels that were set up in the page, and how channels of any kind are doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from nanwatch_monitor.alerts.settings import ChannelSettings
from nanwatch_monitor.store.alert_tables import attempt, channel, outbox
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.outbox import DEAD_AFTER


@dataclass(frozen=True)
class Last:
    """The latest attempt over a channel.

    Attributes:
        at: seconds since 1970.
        state: "sent", "retry" or "failed".
        dead: whether it was given up, or failed as often as makes a channel count as dead.
    """

    at: float
    state: str
    error: str
    dead: bool


class ChannelStore:
    """Keeps channels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[ChannelSettings]:
        """The channels of the page, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(channel).order_by(channel.c.id))
            return [_as_settings(row) for row in rows]

    def find(self, channel_id: str) -> ChannelSettings | None:
        """One of them."""
        return next((known for known in self.all() if known.id == channel_id), None)

    def add(self, new: ChannelSettings, now: float) -> ChannelSettings:
        """Keep a new channel; its id is made here."""
        values = {
            "kind": new.kind,
            "name": new.name,
            "target": new.target,
            "secret": new.secret,
            "enabled": new.enabled,
            "created_at": now,
        }
        with self._database.write() as connection:
            row = connection.execute(insert(channel).values(values).returning(channel)).one()
            return _as_settings(row)

    def switch(self, channel_id: str, enabled: bool) -> bool:
        """Switch a channel on, or off with all that waits for it. False when there is none."""
        this = channel.c.id == _number(channel_id)
        with self._database.write() as connection:
            switching = update(channel).where(this).values(enabled=enabled)
            found = connection.execute(switching).rowcount > 0
            if found and not enabled:
                _drop_waiting(connection, channel_id)
            return found

    def remove(self, channel_id: str) -> bool:
        """Forget a channel and all that waits for it. False when there is none."""
        with self._database.write() as connection:
            removing = delete(channel).where(channel.c.id == _number(channel_id))
            found = connection.execute(removing).rowcount > 0
            if found:
                _drop_waiting(connection, channel_id)
            return found

    def last(self, ids: Sequence[str]) -> dict[str, Last]:
        """The latest attempt over each of some channels that was ever used."""
        newest = (
            select(func.max(attempt.c.id))
            .where(attempt.c.channel.in_(ids))
            .group_by(attempt.c.channel)
        )
        query = select(attempt).where(attempt.c.id.in_(newest))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return {row.channel: _as_last(row) for row in rows}


def _drop_waiting(connection: Any, channel_id: str) -> None:
    waiting = (outbox.c.channel == channel_id, outbox.c.state == "waiting")
    connection.execute(update(outbox).where(*waiting).values(state="dropped"))


def _as_last(row: Any) -> Last:
    dead = row.state == "failed" or (row.state == "retry" and row.attempt >= DEAD_AFTER)
    return Last(row.at, row.state, row.error, dead)


def _number(channel_id: str) -> int:
    """The row of a channel's id; -1 for what is no id of the page."""
    plain = channel_id.isascii() and channel_id.isdigit() and len(channel_id) < 16
    return int(channel_id) if plain else -1


def _as_settings(row: Any) -> ChannelSettings:
    return ChannelSettings(
        str(row.id), row.kind, row.name, row.target, row.secret, row.enabled, "page"
    )
