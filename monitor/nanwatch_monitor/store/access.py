"""Who may look: one-time login codes and the sessions of browsers, kept as digests."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, and_, delete, insert, or_, select

from nanwatch_monitor.rights import OWNER, Identity
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.tables import api_token, login_code, session
from nanwatch_monitor.store.tokens import digest, is_good

CODE_LIFE_S = 24 * 3600.0
SESSION_LIFE_S = 30 * 24 * 3600.0


@dataclass(frozen=True)
class Redeemed:
    """A login code was right.

    Attributes:
        token_id: the token of whoever made the code; None is the server's own.
    """

    token_id: int | None


class AccessStore:
    """Issues and checks login codes and sessions. They end with the token that they come from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new_code(self, now: float, token_id: int | None = None) -> str:
        """A code that opens one session within a day."""
        return self._issue(login_code, now, CODE_LIFE_S, token_id)

    def new_session(self, now: float, token_id: int | None = None) -> str:
        """A session's secret; it lives thirty days."""
        return self._issue(session, now, SESSION_LIFE_S, token_id)

    def redeem(self, code: str, now: float) -> Redeemed | None:
        """Use up a code. None when it is unknown, used or too old."""
        used = delete(login_code).where(
            login_code.c.digest == digest(code), login_code.c.expires_at > now
        )
        with self._database.write() as connection:
            row = connection.execute(used.returning(login_code.c.token_id)).one_or_none()
        return None if row is None else Redeemed(row.token_id)

    def find_session(self, key: str, now: float) -> Identity | None:
        """Who has the session of this digest; None when there is none or it is over."""
        query = _open_sessions(now, session.c.token_id, api_token.c.name, api_token.c.scope)
        with self._database.read() as connection:
            row = connection.execute(query.where(session.c.digest == key)).one_or_none()
        if row is None:
            return None
        if row.token_id is None:
            return Identity(key, f"a browser with {OWNER.name}", "admin")
        name = f"a browser with token {row.token_id} ({row.name})"
        return Identity(key, name, row.scope, token_id=row.token_id)

    def good(self, keys: Collection[str], now: float) -> set[str]:
        """Those of some digests whose token or session is not over."""
        tokens = select(api_token.c.digest).where(api_token.c.digest.in_(keys), is_good(now))
        sessions = _open_sessions(now, session.c.digest).where(session.c.digest.in_(keys))
        with self._database.read() as connection:
            return {*connection.scalars(tokens), *connection.scalars(sessions)}

    def try_writing(self) -> None:
        """Write a row that nobody sees. Raises what the database raises: it is locked, full..."""
        row = {"digest": secrets.token_hex(32), "expires_at": 0.0}
        with self._database.write() as connection:
            connection.execute(insert(login_code).values(row))
            connection.execute(delete(login_code).where(login_code.c.digest == row["digest"]))

    def _issue(self, table: Table, now: float, life_s: float, token_id: int | None) -> str:
        secret = secrets.token_urlsafe(32)
        row = {"digest": digest(secret), "expires_at": now + life_s, "token_id": token_id}
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.expires_at <= now))
            connection.execute(insert(table).values(row))
        return secret


def _open_sessions(now: float, *columns: Any) -> Select[Any]:
    theirs = and_(api_token.c.id == session.c.token_id, is_good(now))
    with_token = select(*columns).select_from(session).outerjoin(api_token, theirs)
    of_a_good_token = or_(session.c.token_id.is_(None), api_token.c.id.is_not(None))
    return with_token.where(session.c.expires_at > now, of_a_good_token)
