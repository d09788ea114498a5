"""Which credential a request carries, and whose it is."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from nanwatch_monitor.rights import ANYBODY, OWNER, Identity
from nanwatch_monitor.store.access import AccessStore
from nanwatch_monitor.store.tokens import TokenStore, digest

FRESH_S = 0.5  # what was found in the database holds for so long: a revocation takes a second
_MOST_KNOWN = 10_000
_PORT = re.compile(r":(\d{1,5})$")


class Keys:
    """Who is let in.

    Args:
        own: the server's own admin tokens; empty lets everybody in.
        tokens: those that people made.
        access: the sessions of browsers.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        own: tuple[str, ...],
        tokens: TokenStore,
        access: AccessStore,
        clock: Callable[[], float],
    ) -> None:
        self._own = tuple(digest(token) for token in own)
        self._tokens, self._access, self._clock = tokens, access, clock
        self._known: dict[str, tuple[Identity, float]] = {}  # the moment by time.monotonic()
        self._used: dict[int, float] = {}

    async def identify(self, headers: Headers) -> Identity | None:
        """Who sends a request; None when it carries nothing that is good. May raise what the
        database raises.
        """
        if not self._own:
            return ANYBODY
        token = bearer(headers)
        if token is not None:
            return await self.holder(token)
        secret = _cookie(headers)
        return None if secret is None else await self._look_up(digest(secret), self._session)

    async def holder(self, token: str) -> Identity | None:
        """Who has a token; None when it is not good."""
        key = digest(token)
        if any(hmac.compare_digest(key, own) for own in self._own):
            return OWNER
        found = await self._look_up(key, self._token)
        if found is not None and found.token_id is not None:
            self._used[found.token_id] = self._clock()
        return found

    def gone(self, keys: set[str]) -> set[str]:
        """Those of some identities' keys that open nothing any more. Asks the database."""
        asked = keys - {ANYBODY.key, OWNER.key}
        return asked - self._access.good(asked, self._clock()) if asked else set()

    def note_use(self) -> None:
        """Write down when tokens were used last. Writes to the database."""
        if self._used:
            used, self._used = self._used, {}
            self._tokens.note_use(used)

    def forget(self) -> None:
        """Ask the database again from now on: a token was revoked here."""
        self._known.clear()

    async def _look_up(self, key: str, find: Callable[[str], Identity | None]) -> Identity | None:
        identity, since = self._known.get(key, (None, 0.0))
        if identity is not None and time.monotonic() - since < FRESH_S:
            return identity
        asked = time.monotonic()
        found = await run_in_threadpool(find, key)
        self._known.pop(key, None)
        if found is not None:
            self._remember(found, asked)
        return found

    def _remember(self, found: Identity, asked: float) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[found.key] = (found, asked)

    def _token(self, key: str) -> Identity | None:
        return self._tokens.find(key, self._clock())

    def _session(self, key: str) -> Identity | None:
        return self._access.find_session(key, self._clock())


def bearer(headers: Headers) -> str | None:
    """The token that a request carries, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def cookie_name(host: str) -> str:
    """The session's cookie, named after the port: browsers keep cookies by host alone."""
    found = _PORT.search(host)
    return f"nanwatch_{found[1] if found else 'session'}"


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(headers.get("host", "")))
    except CookieError:
        return None
    return found.value if found else None
