"""HTTP/1.1 with the bounds that uvicorn lacks, or answers in plain text: on the size of a request's
head, on silence and on the number of connections.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nanwatch_monitor.problems import Problem

MAX_CONNECTIONS = 1000
MAX_HEAD = 16 * 1024
HEAD_S = 15.0
"""How long a request's head may take, and then its body: each route gives up a body sooner."""

_BODY_S = 30.0
_DRAIN_S = 2.0


class BoundedProtocol(HttpToolsProtocol):
    """One connection. What it refuses by itself it answers as a problem, and closes."""

    _deadline: asyncio.TimerHandle | None = None
    _head: int | None = 0  # bytes of the head that is coming in; None: it is complete
    _refusal: Problem | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody called, and is to say something."""
        super().connection_made(transport)
        self._expect_within(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came in; at most one read is held beyond the bound."""
        super().data_received(data)
        if self._head is not None and self.parser is not None:
            self._head += len(data)
            if self._head > MAX_HEAD and not self.transport.is_closing():
                self._refuse(_head_too_large())

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head = 0
        self._expect_within(HEAD_S)

    def on_headers_complete(self) -> None:
        """The head is whole. What is raised here is answered by `send_400_response`."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MAX_HEAD:
            self._refusal = _head_too_large()
            raise ValueError("the head is too large")
        self._head = None
        self._expect_within(_BODY_S)
        usual = self.app
        if len(self.connections) > MAX_CONNECTIONS:
            self.app = _turn_away
        super().on_headers_complete()
        self.app = usual

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._expect_nothing()
        super().on_message_complete()

    def shutdown(self) -> None:
        """The server ends: it waits for answers on their way, but not for the rest of a body."""
        is_coming_in = self._head is None and self._deadline is not None
        if is_coming_in and not self.cycle.response_started:
            self._refuse(_leaving())
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer what is no HTTP."""
        why = "see RFC 9112"
        self._refuse(self._refusal or Problem(400, "malformed", "the request is no HTTP", why))

    def _refuse(self, problem: Problem) -> None:
        answer: Any = problem.response()
        headers = [*answer.raw_headers, (b"connection", b"close")]
        lines = b"".join(b"%s: %s\r\n" % pair for pair in headers)
        status = f"HTTP/1.1 {answer.status_code} {problem.phrase}\r\n".encode("ascii")
        self.transport.write(b"%s%s\r\n%s" % (status, lines, answer.body))
        self.transport.close()

    def _expect_within(self, seconds: float) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._head is None or self.transport.is_closing():
            self.transport.close()
            return
        why = f"its head was not complete after {HEAD_S:.0f} s"
        self._refuse(Problem(408, "slow", "the request took too long", why, "send it again"))


async def _turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    """The application of whoever comes when there is no room; the connection ends with it."""
    with suppress(TimeoutError):  # who is cut off while it still sends may never see the answer
        async with asyncio.timeout(_DRAIN_S):
            while (await receive()).get("more_body"):
                pass
    why = f"{MAX_CONNECTIONS} connections are open already"
    headers = {"Retry-After": "2", "Connection": "close"}
    full = Problem(503, "full", "the server is full", why, "try again", headers=headers)
    await full.response()(scope, receive, send)


def _leaving() -> Problem:
    why = "the body was not complete when it was told to"
    headers = {"Retry-After": "2"}
    return Problem(503, "leaving", "the server stops", why, "send it again", headers=headers)


def _head_too_large() -> Problem:
    why = f"address and headers may take {MAX_HEAD} bytes"
    return Problem(
        431, "head_too_large", "the head is too large", why, "send fewer or shorter ones"
    )
