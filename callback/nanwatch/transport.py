"""HTTP to a nanwatch server: bounded in time and size, no redirects, no retries of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3

from nanwatch import wire
from nanwatch._version import __version__

INGEST = "/api/v1/ingest"
LOGIN_CODES = "/api/v1/login-codes"
_ERRNO = re.compile(r"^Failed to establish a new connection: (\[Errno -?\d+\] )?")
MAX_ANSWER = 64 * 1024
MAX_LISTING = 16 * 1024 * 1024
MAX_RETRY_AFTER_S = 300.0
CONNECT_S, READ_S, ANSWER_S = 3.0, 10.0, 20.0


class LinkError(Exception):
    """The server could not be asked, or its answer is none; the text says why."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server listens and how to be let in.

    Attributes:
        url: base URL without a slash at its end.
        local: it is this user's own monitor on this machine.
    """

    url: str
    token: str | None = field(repr=False)  # no log or traceback shows it
    local: bool = False

    def run_page(self, run_id: str) -> str:
        """The address of a run's page."""
        return f"{self.url}/runs/{run_id}"


@dataclass(frozen=True)
class NamedServer:
    """A server that the user named: it is where it is, and nothing can be started."""

    endpoint: Endpoint

    def find(self) -> Endpoint:
        """Where it is."""
        return self.endpoint

    def find_or_start(
        self,
        timeout_s: float = 0.0,  # noqa: ARG002 - there is nothing to wait for
        pause: Callable[[float], None] = time.sleep,  # noqa: ARG002
    ) -> Endpoint:
        """Where it is."""
        return self.endpoint

    def has_died(self) -> bool:
        """Nothing of it can be known but what it answers."""
        return False


@dataclass(frozen=True)
class Answer:
    """What the server said.

    Attributes:
        body: the JSON object, empty when there was none.
        retry_after_s: what it asked for, capped at 300 s, or None.
        data: the very bytes.
    """

    status: int
    body: Mapping[str, Any]
    retry_after_s: float | None = None
    data: bytes = b""

    @property
    def detail(self) -> str:
        """The server's own words, for a person; bounded, in one line."""
        words = self.body.get("detail") or self.body.get("title") or ""
        printable = "".join(char if char.isprintable() else " " for char in str(words)[:300])
        return printable or f"HTTP status {self.status}"


class Link:
    """A kept-alive connection to one server. Not for several threads at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1)

    def deliver(self, frames: Sequence[bytes]) -> Answer:
        """Post frames of one stream. Raises LinkError."""
        return self._ask("POST", INGEST, b"".join(frames), wire.CONTENT_TYPE, MAX_ANSWER)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """Post a JSON object, an empty one if none is given. Raises LinkError."""
        said = msgspec.json.encode(body or {})
        return self._ask("POST", path, said, "application/json", MAX_ANSWER)

    def delete(self, path: str) -> Answer:
        """Delete what is at a path. Raises LinkError."""
        return self._ask("DELETE", path, None, None, MAX_ANSWER)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Read a JSON object. Raises LinkError."""
        target = f"{path}?{urlencode(query)}" if query else path
        return self._ask("GET", target, None, None, MAX_LISTING)

    def login_page(self, page: str) -> str:
        """The address of a page; it logs the browser in once where the token allows that."""
        try:
            path = str(self.post(LOGIN_CODES).body.get("path", ""))
        except LinkError:
            path = ""
        if path.startswith("/login?code=") and path.isprintable():
            return f"{self.endpoint.url}{path}&next={page}"
        return f"{self.endpoint.url}{page}"

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()

    def _ask(
        self, method: str, path: str, body: bytes | None, content_type: str | None, limit: int
    ) -> Answer:
        try:
            response = self._pool.request(
                method,
                self.endpoint.url + path,
                body=body,
                headers=self._headers(content_type),
                timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
                retries=False,
                redirect=False,  # the token goes to the named server and nowhere else
                preload_content=False,
                decode_content=False,
            )
            return _read_answer(response, limit)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise LinkError(_why(error)) from error

    def _headers(self, content_type: str | None) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"nanwatch/{__version__}"}
        if content_type:
            headers["Content-Type"] = content_type
        if self.endpoint.token:
            headers["Authorization"] = f"Bearer {self.endpoint.token}"
        return headers


def _read_answer(response: urllib3.BaseHTTPResponse, limit: int) -> Answer:
    try:
        data = _read_bounded(response, limit)
    except BaseException:
        response.close()  # what is left of this answer must not be taken for the next one
        raise
    response.release_conn()
    return Answer(response.status, _json_object(data), _retry_after(response), data)


def _read_bounded(response: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    deadline = time.monotonic() + ANSWER_S
    data = b""
    for chunk in response.stream(16 * 1024):
        data += chunk
        if len(data) > limit:
            raise LinkError(f"an answer of more than {limit >> 10} KiB")
        if time.monotonic() > deadline:
            raise LinkError(f"an answer that was not over after {ANSWER_S:.0f} s")
    return data


def _json_object(data: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    header = response.headers.get("Retry-After")
    if header is None:
        return None
    try:
        seconds = urllib3.Retry().parse_retry_after(header)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), MAX_RETRY_AFTER_S)


def _why(error: Exception) -> str:
    """The reason in a few words; urllib3 wraps it in objects and addresses."""
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return f"no answer within {READ_S:.0f} s"
    if "BadStatusLine" in str(error):
        return "what answers there speaks no HTTP"
    words = str(error).split(": ", 1)[-1] or type(error).__name__
    return _ERRNO.sub("", words)[:200]
