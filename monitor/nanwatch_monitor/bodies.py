"""Reading a request's body: counted while it arrives, and not for ever."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from nanwatch.events import one_spelling
from nanwatch_monitor.problems import Problem, shown
from nanwatch_monitor.unpacking import BombError, PackedError, unpacked

DEADLINE_S = 15.0
MAX_JSON = 64 * 1024
_JSON = "application/json"

Body = TypeVar("Body", bound=msgspec.Struct)


def described(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """How a route with a JSON body tells of it in the OpenAPI document."""
    _, schemas = msgspec.json.schema_components([kind])
    content = {_JSON: {"schema": schemas[kind.__name__]}}
    return {"requestBody": {"required": True, "content": content}}


async def read_json(request: Request, kind: type[Body], limit: int = MAX_JSON) -> Body:
    """The JSON object of a request.

    Args:
        kind: what it must be, made of plain values and lists of text; members that it does not
            know are let be.
        limit: the size in bytes that is accepted.

    Raises:
        Problem: as `read_body`, or it is no strict JSON (400) or of another form (422).
    """
    body, is_packed = await read_body(request, _JSON, limit)
    body = unpack(body, limit) if is_packed else body
    try:
        _check_strict(body)
        return _in_one_spelling(msgspec.json.decode(body, type=kind))
    except (msgspec.ValidationError, _NonFiniteError) as error:
        how = "mend what is named; /api/v1/openapi.json describes the body"
        raise Problem(
            422, "invalid", "the body is not valid", shown(str(error), 80), how
        ) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        why = shown(str(error), 80)
        how = "send one JSON object in UTF-8"
        raise Problem(400, "malformed", "the body cannot be read", why, how) from error


def _in_one_spelling(told: Body) -> Body:
    """The same with every name in the spelling in which names are compared."""
    for field in told.__struct_fields__:
        value = getattr(told, field)
        if isinstance(value, str):
            msgspec.structs.force_setattr(told, field, one_spelling(value))
        elif isinstance(value, tuple):
            msgspec.structs.force_setattr(told, field, tuple(map(one_spelling, value)))
    return told


class _NonFiniteError(ValueError):
    """NaN or Infinity, which are no JSON."""


def _check_strict(body: bytes) -> None:
    """What msgspec lets pass or calls otherwise: a member twice, NaN. Raises ValueError."""
    found = json.loads(
        body.decode(),
        object_pairs_hook=_members,
        parse_constant=_no_constant,
        parse_int=str,  # a number of 5000 digits is for msgspec to refuse
    )
    if not isinstance(found, dict):
        raise ValueError("it is no object")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):  # each reader would take another one
        raise ValueError("a member comes twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise _NonFiniteError(f"{name} is not JSON")


async def read_body(request: Request, content_type: str, limit: int) -> tuple[bytes, bool]:
    """The body of a request as it came, and whether it is packed: see `unpack`.

    Args:
        content_type: the only media type that is accepted.
        limit: the size in bytes that is accepted.

    Raises:
        Problem: another type or encoding, too large, or too slow.
    """
    is_packed = _check_head(request, content_type, limit)
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await _collect(request, limit), is_packed
    except TimeoutError as error:
        why = f"it was not complete after {DEADLINE_S:.0f} s"
        raise Problem(408, "slow", "the body took too long", why, "send it again") from error
    except ClientDisconnect as error:
        raise Problem(400, "cut", "the connection ended within the body") from error


def _check_head(request: Request, content_type: str, limit: int) -> bool:
    """Refuse what need not be read; whether the body is packed."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != content_type:
        why = f"the Content-Type is {shown(given)}"
        raise Problem(415, "media_type", "wrong media type", why, f"send {content_type}")
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit:
        raise _too_large(f"at most {limit} bytes are accepted")
    return _is_packed(request)


def _is_packed(request: Request) -> bool:
    encoding = ", ".join(request.headers.getlist("content-encoding")).lower() or "identity"
    if encoding not in ("identity", "gzip"):
        why = f"the Content-Encoding is {shown(encoding)}"
        how = "pack it with gzip, once, or send it as it is"
        what = "bodies packed like this are not accepted"
        raise Problem(415, "encoding", what, why, how, headers={"Accept-Encoding": "gzip"})
    return encoding == "gzip"


def unpack(body: bytes, limit: int) -> bytes:
    """A body that came packed, of at most `limit` bytes then. Raises Problem."""
    try:
        return unpacked(body, limit)
    except BombError as error:
        raise _too_large(str(error)) from error
    except PackedError as error:
        how = "pack all of it with gzip, once, or send it as it is"
        raise Problem(400, "malformed", "the body cannot be unpacked", str(error), how) from error


async def _collect(request: Request, limit: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(f"at most {limit} bytes are accepted")
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(why: str) -> Problem:
    return Problem(413, "too_large", "the body is too large", why, "send it in several requests")
