"""Tokens: made once, kept as digests, revoked for good."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, insert, or_, select, update

from nanwatch_monitor.rights import Identity, Scope
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.tables import api_token

_FIELDS = tuple(column for column in api_token.c if column.name != "digest")
_PREFIXES: Mapping[Scope, str] = {"read": "nw_r_", "write": "nw_w_", "admin": "nw_a_"}


@dataclass(frozen=True)
class Token:
    """What is known of a token; its secret is not.

    Attributes:
        project: the only project that may be written to; None is every one.
        expires_at: seconds since 1970, as the others; None never.
    """

    id: int
    name: str
    scope: Scope
    project: str | None
    created_at: float
    expires_at: float | None
    last_used_at: float | None
    revoked_at: float | None


class TokenStore:
    """Makes, finds and revokes tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, scope: Scope, project: str | None, expires_at: float | None, now: float
    ) -> tuple[Token, str]:
        """A new token and its secret, which nobody can be told again."""
        secret = new_secret(scope)
        values = {"name": name, "scope": scope, "project": project, "expires_at": expires_at}
        values |= {"created_at": now, "digest": digest(secret)}
        with self._database.write() as connection:
            made = insert(api_token).values(values).returning(*_FIELDS)
            return Token(**connection.execute(made).mappings().one()), secret

    def all(self) -> list[Token]:
        """Every token, those that are over too, the latest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(*_FIELDS).order_by(api_token.c.id.desc()))
            return [Token(**row) for row in rows.mappings()]

    def revoke(self, token_id: int, now: float) -> Token | None:
        """End a token, if it has not ended yet. None when there is none."""
        mine = api_token.c.id == token_id
        ending = update(api_token).where(mine, api_token.c.revoked_at.is_(None))
        with self._database.write() as connection:
            connection.execute(ending.values(revoked_at=now))
            row = connection.execute(select(*_FIELDS).where(mine)).mappings().one_or_none()
        return None if row is None else Token(**row)

    def find(self, key: str, now: float) -> Identity | None:
        """Who has the token of this digest; None when it is unknown or over."""
        query = select(api_token).where(api_token.c.digest == key, is_good(now))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or not hmac.compare_digest(row.digest, key):
            return None
        return Identity(key, f"token {row.id} ({row.name})", row.scope, row.project, row.id)

    def note_use(self, used: Mapping[int, float]) -> None:
        """Write down when tokens were used last."""
        with self._database.write() as connection:
            for token_id, at in used.items():
                connection.execute(
                    update(api_token).where(api_token.c.id == token_id).values(last_used_at=at)
                )


def is_good(now: float) -> ColumnElement[bool]:
    """That a token opens anything at this moment."""
    unexpired = or_(api_token.c.expires_at.is_(None), api_token.c.expires_at > now)
    return and_(api_token.c.revoked_at.is_(None), unexpired)


def new_secret(scope: Scope) -> str:
    """A token of 256 random bits; its beginning tells its scope to people and to scanners."""
    return _PREFIXES[scope] + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 in hex. Enough for secrets of 256 random bits; passwords would need more."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
