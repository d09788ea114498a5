"""The guard in front of every route: default-deny.

In this order: the Host header must be one of ours (or a web page could reach a loopback server by
DNS rebinding), a request that changes something or opens a stream must come from our own pages or
from a program, and it must carry a token or a session.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nanwatch_monitor.page_headers import ALWAYS, PAGE_HEADERS
from nanwatch_monitor.problems import Problem, no_database
from nanwatch_monitor.store.access import AccessStore, digest

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/login"})
OPEN_PREFIX = "/static/"  # holds no data, and the login page needs it
STREAM_PATH = "/api/v1/stream"
METRICS_PATH = "/metrics"
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_HOST = re.compile(r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?$")


@dataclass(frozen=True)
class Keys:
    """Who is let in.

    Args:
        tokens: admin tokens; empty lets everybody in.
        access: the sessions of browsers.
        clock: seconds since 1970.
    """

    tokens: tuple[str, ...]
    access: AccessStore
    clock: Callable[[], float]

    def fit_token(self, headers: Headers) -> bool | None:
        """Whether the token of a request fits; None when it carries none."""
        if not self.tokens:
            return True
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self.is_token(token.strip()) if scheme.lower() == "bearer" else None

    def fit_session(self, headers: Headers) -> bool:
        """Whether a request carries the cookie of a session. Asks the database."""
        secret = _cookie(headers)
        return secret is not None and self.access.is_session(secret, self.clock())

    def is_token(self, token: str) -> bool:
        """Whether this is one of the tokens, told in the same time whatever it is."""
        given = digest(token)
        matches = [hmac.compare_digest(given, digest(known)) for known in self.tokens]
        return any(matches)


class Guard:
    """ASGI middleware that lets no request through to a route unchecked.

    Args:
        names: host names beside localhost and plain addresses. An address cannot be rebound: the
            attack needs a name.
        used: called for each request that was let in, but for those that come by the clock.
        refused: called with the status of each request that was refused, here or behind us.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys,
        names: frozenset[str],
        used: Callable[[], None],
        refused: Callable[[int], None],
    ) -> None:
        self._app, self._keys, self._names = app, keys, names
        self._used, self._refused = used, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = await self._refusal(scope)
        answer = self._app if refusal is None else refusal
        await answer(scope, receive, self._noticing(_with_headers(send)))

    async def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not is_known_host(headers.get("host", ""), self._names):
            return _foreign_host().response()
        changes = scope["method"] not in _SAFE_METHODS or scope["path"] == STREAM_PATH
        if changes and not is_same_origin(headers):
            return _cross_site().response()
        if scope["path"] in OPEN_PATHS or scope["path"].startswith(OPEN_PREFIX):
            return None
        try:
            if not await self._fits(headers):
                return _login_first(scope, headers)
        except SQLAlchemyError as error:  # here, because a route's own handlers stand behind us
            return no_database(error).response()
        if scope["path"] != METRICS_PATH:
            self._used()
        return None

    def _noticing(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                self._refused(message["status"])
            await send(message)

        return sending

    async def _fits(self, headers: Headers) -> bool:
        by_token = self._keys.fit_token(headers)
        if by_token is not None:
            return by_token
        return await run_in_threadpool(self._keys.fit_session, headers)


def _with_headers(send: Send) -> Send:
    """Every answer says that it is what it says it is, and that nobody is to keep it."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**ALWAYS, "Cache-Control": "no-store"}.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def host_names(host: str, public_url: str | None, further: Iterable[str]) -> frozenset[str]:
    """The names by which a server may be called, beside localhost and plain addresses."""
    public = urlsplit(public_url).hostname if public_url else None
    return frozenset(name.lower() for name in (host, public, *further) if name)


def is_known_host(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this server: localhost, any plain address, or one of `names`."""
    found = _HOST.match(host)
    if found is None:
        return False
    name = found[1].strip("[]").lower()
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_same_origin(headers: Headers) -> bool:
    """Whether a request comes from our own pages, or from a program that is no browser."""
    site = headers.get("sec-fetch-site", "none")
    origin = headers.get("origin")
    same_host = origin is None or urlsplit(origin).netloc == headers.get("host")
    return same_host and site in ("same-origin", "none")


def cookie_name(host: str) -> str:
    """The session's cookie, named after the port: browsers keep cookies by host alone."""
    found = _HOST.match(host)
    return f"nanwatch_{(found and found[2]) or 'session'}"


def is_local_path(path: str) -> bool:
    """Whether a redirect to `path` stays on this server."""
    return bool(re.fullmatch(r"/(?![/\\])[A-Za-z0-9_\-./?=&%,+*]*", path))


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(headers.get("host", "")))
    except CookieError:
        return None
    return found.value if found else None


def _foreign_host() -> Problem:
    return Problem(
        403,
        "foreign_host",
        "this server is not known by the name in the Host header",
        "a foreign name may be an attempt to reach a local server from a web page",
        "open it as localhost or by its address, or add the name to NANWATCH_ALLOWED_HOSTS",
    )


def _cross_site() -> Problem:
    why = "its Origin or Sec-Fetch-Site header names another site"
    how = "open the dashboard itself; programs send neither header"
    return Problem(403, "cross_site", "the request comes from another site", why, how)


def _once_more(path: str) -> Response:
    """Ask for the same page again, from ourselves.

    A link on another site (a notebook, a chat) is followed without our SameSite=Strict cookie, so
    that somebody who is logged in would land on the login page. The second request carries it.
    """
    again = f'<meta http-equiv="refresh" content="0;url={escape(path)}">'
    page = f"<!doctype html>{again}<title>nanwatch</title>"
    return HTMLResponse(page, headers=PAGE_HEADERS)


def _login_first(scope: Scope, headers: Headers) -> Response:
    wants_page = scope["method"] in _SAFE_METHODS and "text/html" in headers.get("accept", "")
    if wants_page:
        query = scope["query_string"].decode("ascii", "replace")
        path = quote(scope["path"]) + (f"?{query}" if query else "")
        here = path if is_local_path(path) else "/"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return _once_more(here)
        return RedirectResponse(f"/login?next={quote(here)}", 303)
    return Problem(
        401,
        "unauthorized",
        "the request carries no valid token",
        "every route but /healthz, /readyz and /login needs one",
        "send `Authorization: Bearer TOKEN`; `nanwatch token` prints the local one",
        headers={"WWW-Authenticate": "Bearer"},
    ).response()
