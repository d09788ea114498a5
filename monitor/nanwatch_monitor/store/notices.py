"""Short words between the servers on one PostgreSQL, by LISTEN and NOTIFY.

A notice in the transaction of every request would make them wait for each other, so the words of a
moment go together, in a transaction of their own. They may be lost; whoever needs to be sure looks
into the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from nanwatch_monitor.store.database import Database

MAX_WORDS = 7999  # bytes; PostgreSQL takes no more

_CHANNEL = "nanwatch"
_NOTIFY = text("SELECT pg_notify(:channel, :words)")

Receive = Callable[[float], list[str]]


class Notices:
    """The channel that all servers on a database share.

    Args:
        database: on PostgreSQL.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.errors = database.errors

    def say(self, words: str) -> None:
        """Tell every server, this one included. At most MAX_WORDS bytes."""
        with self._database.write() as connection:
            connection.execute(_NOTIFY, {"channel": _CHANNEL, "words": words})

    @contextmanager
    def listening(self) -> Iterator[Receive]:
        """Listen until the block ends: gives what comes in within so many seconds.

        What happens from the first line of the block on is not missed.
        """
        with self._database.session() as session:
            session.exec_driver_sql(f"LISTEN {_CHANNEL}")
            driver: Any = session.connection.dbapi_connection

            def receive(within_s: float) -> list[str]:
                return [notice.payload for notice in driver.notifies(timeout=within_s)]

            yield receive
