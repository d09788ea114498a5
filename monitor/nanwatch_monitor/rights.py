"""Who asks, and what they may do. Pure: no I/O.

Reading needs the scope "read", reporting "write", and everything else "admin": a route that nobody
thought of here is closed to the lesser ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
SAFE_METHODS = frozenset({"GET", "HEAD"})
INGEST_PATH = "/api/v1/ingest"
_ADMIN_PATHS = ("/api/v1/tokens", "/api/v1/audit")  # these are not read with "read"


@dataclass(frozen=True)
class Identity:
    """Who asks.

    Attributes:
        key: tells this credential from others without giving it away.
        name: for people, in the audit.
        project: the only one that may be written to; None is every one.
        token_id: the token that it comes from; None is the server's own.
    """

    key: str
    name: str
    scope: Scope
    project: str | None = None
    token_id: int | None = None

    def may(self, method: str, path: str) -> bool:
        """Whether a request is within the scope."""
        return self.scope in ("admin", needed_scope(method, path))


ANYBODY = Identity("anybody", "anybody", "admin")
"""Everybody who asks a server without authentication."""

OWNER = Identity("owner", "the server's own token", "admin")
"""Who has the token in the home folder, or the one of the environment."""


def needed_scope(method: str, path: str) -> Scope:
    """The scope that a request needs; "admin" may do everything."""
    if (method, path) == ("POST", INGEST_PATH):
        return "write"
    closed = any(path == known or path.startswith(f"{known}/") for known in _ADMIN_PATHS)
    return "read" if method in SAFE_METHODS and not closed else "admin"
