"""Which server judges which stream, when several share one PostgreSQL.

A claim is an advisory lock of a session: the database takes it back by itself when its holder dies,
however it dies, and nothing has to be renewed or cleaned up. It only spares double work. That
nothing is recorded twice is sure without it, by the conditional update in `IncidentStore.record`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from nanwatch_monitor.store.database import Database

_SPACE = 0x6E616E77  # "nanw": keeps these locks apart from those of other programs
_KEYS = 0x7FFFFFFF  # a lock's number has 31 bits; two streams that share one share a judge
_REFUSAL_S = 1.0

_TAKE = text("SELECT pg_try_advisory_lock(:space, :key)")
_GIVE_BACK = text("SELECT pg_advisory_unlock(:space, :key)")
_HELD = text(
    "SELECT objid::bigint FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
    "WHERE locktype = 'advisory' AND classid::bigint = :space AND objsubid = 2 AND granted "
    "AND datname = current_database()"
)


class Claims(Protocol):
    """Who judges what."""

    def take(self, stream_id: int) -> bool:
        """Whether this server judges a stream from now on; False when another one does."""

    def give_back(self, stream_id: int) -> None:
        """Leave a stream to whoever comes next."""

    def abandoned(self, stream_ids: Iterable[int]) -> list[int]:
        """Those of some streams that no server judges."""

    def close(self) -> None:
        """Leave every stream to the others."""


class SoleClaims:
    """Everything is ours: an SQLite file has one server."""

    def take(self, stream_id: int) -> bool:  # noqa: ARG002 - the signature of Claims
        """Always."""
        return True

    def give_back(self, stream_id: int) -> None:
        """Nobody waits for it."""

    def abandoned(self, stream_ids: Iterable[int]) -> list[int]:  # noqa: ARG002 - as above
        """None ever."""
        return []

    def close(self) -> None:
        """Nothing is open."""


class SharedClaims:
    """Claims on PostgreSQL. `abandoned` may be called from any thread, the rest from one.

    A refusal is remembered for a second, so that a server that takes in frames for another one
    does not ask at each of them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = ExitStack()
        self._session: Connection | None = None
        self._mine: set[int] = set()
        self._refused: dict[int, float] = {}  # until when

    def take(self, stream_id: int) -> bool:
        """Ask for a stream. Raises SQLAlchemyError; then every claim is lost."""
        now = time.monotonic()
        if stream_id in self._mine or now < self._refused.get(stream_id, now):
            return stream_id in self._mine
        self._refused = {known: until for known, until in self._refused.items() if now < until}
        with self._asking() as session:
            if not _said(session, _TAKE, stream_id):
                self._refused[stream_id] = now + _REFUSAL_S
                return False
        self._mine.add(stream_id)
        return True

    def give_back(self, stream_id: int) -> None:
        """Leave a stream to the others. Raises SQLAlchemyError; then every claim is lost."""
        if stream_id in self._mine:
            with self._asking() as session:
                _said(session, _GIVE_BACK, stream_id)
            self._mine.remove(stream_id)

    def abandoned(self, stream_ids: Iterable[int]) -> list[int]:
        """Those of some streams that no server judges."""
        with self._database.read() as connection:
            held = set(connection.scalars(_HELD, {"space": _SPACE}))
        return [stream_id for stream_id in stream_ids if stream_id & _KEYS not in held]

    def close(self) -> None:
        """End the session, and the claims with it."""
        self._session = None
        self._mine.clear()
        self._open.close()

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        try:
            if self._session is None:
                self._session = self._open.enter_context(self._database.session())
            yield self._session
        except SQLAlchemyError:
            self.close()
            raise


def claims_on(database: Database) -> Claims:
    """The claims that fit a database."""
    return SoleClaims() if database.is_sqlite else SharedClaims(database)


def _said(session: Connection, question: TextClause, stream_id: int) -> bool:
    return bool(session.scalar(question, {"space": _SPACE, "key": stream_id & _KEYS}))
