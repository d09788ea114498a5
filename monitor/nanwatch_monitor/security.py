"""The guard in front of every route: default-deny.

In this order: the Host header must be one of ours (or a web page could reach a loopback server by
DNS rebinding), a request that changes something or opens a stream must come from our own pages or
from a program, it must carry a token or a session whose scope covers it, and not come too often.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterable
from html import escape
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nanwatch_monitor.keys import Keys, bearer
from nanwatch_monitor.limits import Allowance
from nanwatch_monitor.page_headers import ALWAYS, PAGE_HEADERS
from nanwatch_monitor.problems import Problem, no_database
from nanwatch_monitor.rights import SAFE_METHODS, Identity, needed_scope

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/login"})
OPEN_PREFIX = "/static/"  # holds no data, and the login page needs it
STREAM_PATH = "/api/v1/stream"
METRICS_PATH = "/metrics"
FAILURES_A_MINUTE = 10
_IDENTITY = "nanwatch.identity"  # where the guard leaves word of who asks
_HOST = re.compile(r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?$")


class Limits:
    """How often each credential may ask, and each address may show a wrong one.

    Args:
        requests_per_s: of one credential, in the long run; it may burst to twice as many.
    """

    def __init__(self, requests_per_s: float) -> None:
        self._requests = Allowance(requests_per_s, max(2 * requests_per_s, 1))
        self._failures = Allowance(FAILURES_A_MINUTE / 60, FAILURES_A_MINUTE)

    def request(self, identity: Identity) -> Problem | None:
        """Somebody known asks; what to answer when that is too often."""
        wait_s = self._requests.take(identity.key)
        return _too_often("this token asks too often", wait_s) if wait_s else None

    def failure(self, scope: Scope) -> Problem | None:
        """A wrong credential came; what to answer when too many came from that address."""
        wait_s = self._failures.take(address(scope))
        return (
            _too_often("too many wrong tokens came from this address", wait_s) if wait_s else None
        )


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
        limits: Limits,
        names: frozenset[str],
        used: Callable[[], None],
        refused: Callable[[int], None],
    ) -> None:
        self._app, self._keys, self._limits, self._names = app, keys, limits, names
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
        hosts = headers.getlist("host")  # of two, somebody in front of us may believe the other
        if len(hosts) != 1 or not is_known_host(hosts[0], self._names):
            return _foreign_host().response()
        changes = scope["method"] not in SAFE_METHODS or scope["path"] == STREAM_PATH
        if changes and not is_same_origin(headers):
            return _cross_site().response()
        if scope["path"] in OPEN_PATHS or scope["path"].startswith(OPEN_PREFIX):
            return None
        try:
            identity = await self._keys.identify(headers)
        except SQLAlchemyError as error:  # here, because a route's own handlers stand behind us
            return no_database(error).response()
        return self._stranger(scope, headers) if identity is None else self._known(scope, identity)

    def _stranger(self, scope: Scope, headers: Headers) -> Response:
        too_often = self._limits.failure(scope) if bearer(headers) is not None else None
        return too_often.response() if too_often else _login_first(scope, headers)

    def _known(self, scope: Scope, identity: Identity) -> Response | None:
        """What to answer to somebody known, instead of what was asked for."""
        if not identity.may(scope["method"], scope["path"]):
            return _beyond(identity, scope).response()
        too_often = self._limits.request(identity)
        if too_often:
            return too_often.response()
        scope[_IDENTITY] = identity
        if scope["path"] != METRICS_PATH:
            self._used()
        return None

    def _noticing(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                self._refused(message["status"])
            await send(message)

        return sending


async def identity_of(request: Request) -> Identity:  # async: FastAPI has threads run what is not
    """Who sends a request that the guard has let in."""
    found: Identity = request.scope[_IDENTITY]
    return found


def known_identity(scope: Scope) -> Identity | None:
    """Who sends a request; None on the open paths."""
    return scope.get(_IDENTITY)


Asker = Annotated[Identity, Depends(identity_of)]
"""The parameter of a route that wants to know who asks."""


def address(scope: Scope) -> str:
    """Where a request comes from; empty for a socket without addresses."""
    client = scope.get("client")
    return str(client[0]) if client else ""


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


def is_local_path(path: str) -> bool:
    """Whether a redirect to `path` stays on this server."""
    return bool(re.fullmatch(r"/(?![/\\])[A-Za-z0-9_\-./?=&%,+*]*", path))


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


def _too_often(what: str, wait_s: float) -> Problem:
    seconds = math.ceil(wait_s)
    headers = {"Retry-After": str(seconds)}
    return Problem(429, "too_often", what, how=f"try again in {seconds} s", headers=headers)


def _beyond(identity: Identity, scope: Scope) -> Problem:
    needed = needed_scope(scope["method"], scope["path"])
    return Problem(
        403,
        "scope",
        "the token does not go so far",
        f"its scope is {identity.scope}, and this needs {needed}",
        f"use a token of scope {needed}; `nanwatch token create` makes one",
        extra={"scope": identity.scope, "needs": needed},
    )


def once_more(path: str) -> Response:
    """Ask for the same page again, from ourselves.

    A link on another site (a notebook, a chat) is followed without our SameSite=Strict cookie, so
    that somebody who is logged in would land on the login page. The second request carries it.
    """
    again = f'<meta http-equiv="refresh" content="0;url={escape(path)}">'
    page = f"<!doctype html>{again}<title>nanwatch</title>"
    return HTMLResponse(page, headers=PAGE_HEADERS)


def _login_first(scope: Scope, headers: Headers) -> Response:
    wants_page = scope["method"] in SAFE_METHODS and "text/html" in headers.get("accept", "")
    if wants_page:
        query = scope["query_string"].decode("ascii", "replace")
        path = quote(scope["path"]) + (f"?{query}" if query else "")
        here = path if is_local_path(path) else "/"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return once_more(here)
        return RedirectResponse(f"/login?next={quote(here)}", 303)
    return Problem(
        401,
        "unauthorized",
        "the request carries no valid token",
        "every route but /healthz, /readyz and /login needs one",
        "send `Authorization: Bearer TOKEN`; `nanwatch token` prints the local one",
        headers={"WWW-Authenticate": "Bearer"},
    ).response()
