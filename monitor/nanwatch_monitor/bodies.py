"""Reading a request's body: counted while it arrives, and not for ever."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from nanwatch_monitor.problems import Problem, shown

DEADLINE_S = 15.0


async def read_body(request: Request, content_type: str, limit: int) -> bytes:
    """The body of a request.

    Args:
        content_type: the only media type that is accepted.
        limit: the size in bytes that is accepted.

    Raises:
        Problem: another type, too large, or too slow.
    """
    _check_head(request, content_type, limit)
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await _collect(request, limit)
    except TimeoutError as error:
        why = f"it was not complete after {DEADLINE_S:.0f} s"
        raise Problem(408, "slow", "the body took too long", why, "send it again") from error
    except ClientDisconnect as error:
        raise Problem(400, "cut", "the connection ended within the body") from error


def _check_head(request: Request, content_type: str, limit: int) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != content_type:
        why = f"the Content-Type is {shown(given)}"
        raise Problem(415, "media_type", "wrong media type", why, f"send {content_type}")
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        why = f"the Content-Encoding is {shown(encoding)}"
        raise Problem(415, "encoding", "compressed bodies are not accepted", why, "send it plain")
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit:
        raise _too_large(limit)


async def _collect(request: Request, limit: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    why = f"at most {limit} bytes are accepted"
    return Problem(413, "too_large", "the body is too large", why, "send it in several requests")
