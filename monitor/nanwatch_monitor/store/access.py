"""Who may look: one-time login codes and the sessions of browsers, kept as digests."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import Table, delete, insert, select

from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.tables import login_code, session

CODE_LIFE_S = 24 * 3600.0
SESSION_LIFE_S = 30 * 24 * 3600.0


class AccessStore:
    """Issues and checks login codes and sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new_code(self, now: float) -> str:
        """A code that opens one session within a day."""
        return self._issue(login_code, now, CODE_LIFE_S)

    def new_session(self, now: float) -> str:
        """A session's secret; it lives thirty days."""
        return self._issue(session, now, SESSION_LIFE_S)

    def redeem(self, code: str, now: float) -> bool:
        """Use up a code. False when it is unknown, used or too old."""
        used = delete(login_code).where(
            login_code.c.digest == digest(code), login_code.c.expires_at > now
        )
        with self._database.write() as connection:
            return connection.execute(used).rowcount == 1

    def is_session(self, secret: str, now: float) -> bool:
        """Whether a session with this secret is open."""
        query = select(session.c.digest).where(
            session.c.digest == digest(secret), session.c.expires_at > now
        )
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def _issue(self, table: Table, now: float, life_s: float) -> str:
        secret = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.expires_at <= now))
            connection.execute(insert(table).values(digest=digest(secret), expires_at=now + life_s))
        return secret


def digest(secret: str) -> str:
    """SHA-256 in hex. Enough for secrets of 256 random bits; passwords would need more."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
