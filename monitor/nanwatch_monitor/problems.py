"""Answers to requests that cannot be served: application/problem+json (RFC 9457).

Every answer says what is wrong, why, and how to mend it. None carries a stack trace or more than
a few characters of what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request that cannot be served.

    Args:
        status: the HTTP status.
        code: one word for programs, such as "conflict".
        what: what is wrong.
        why: the reason.
        how: how to mend it.
        headers: further headers of the answer.
        extra: further members of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        what: str,
        why: str = "",
        how: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(what)
        self.status, self.code, self.what, self.why, self.how = status, code, what, why, how
        self.headers, self.extra = dict(headers or {}), dict(extra or {})

    @property
    def phrase(self) -> str:
        """The words of HTTP for the status."""
        return HTTPStatus(self.status).phrase

    def response(self) -> Response:
        """The answer; pure ASCII, because names from outside may hold anything."""
        body = {
            "type": f"urn:nanwatch:problem:{self.code}",
            "title": self.phrase,
            "status": self.status,
            "detail": ". ".join(part for part in (self.what, self.why, self.how) if part) + ".",
            "code": self.code,
            "why": self.why,
            "how": self.how,
            **self.extra,
        }
        content = json.dumps(body, ensure_ascii=True, allow_nan=False).encode("ascii")
        return Response(content, self.status, self.headers, media_type="application/problem+json")


def shown(text: str, limit: int = 60) -> str:
    """A short, harmless piece of what was sent."""
    cut = text if len(text) <= limit else text[:limit] + "..."
    return ascii(cut)


def install(app: FastAPI) -> None:
    """Make the application answer with problems only."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    for kind in (OperationalError, PoolTimeoutError, DBAPIError):
        app.add_exception_handler(kind, _on_database)
    app.add_exception_handler(Exception, _on_bug)


def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class alone
    return error.response()


def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    found = [
        {"where": shown(".".join(map(str, item["loc"]))), "why": str(item["msg"])[:160]}
        for item in error.errors()[:20]
    ]
    how = "mend the parameters named in `errors`; /api/v1/openapi.json describes them"
    why = "a parameter is missing or out of range"
    return Problem(
        422, "invalid", "the request is not valid", why, how, extra={"errors": found}
    ).response()


def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    words = {
        404: ("not_found", "there is nothing at this address", "check the path"),
        405: ("method", "this address does not take this method", "see the Allow header"),
    }
    default = ("refused", "the request is refused", "see /api/v1/openapi.json")
    code, what, how = words.get(error.status_code, default)
    return Problem(error.status_code, code, what, how=how, headers=error.headers).response()


def no_database(error: Exception) -> Problem:
    """The database failed to answer; it says nothing about the request."""
    return Problem(
        503,
        "database",
        "the database does not answer",
        f"{type(error).__name__}; it is down, locked or out of space",
        "try again; nothing that was acknowledged is lost",
        headers={"Retry-After": "2"},
    )


def _on_database(_request: Request, error: Exception) -> Response:
    return no_database(error).response()


def _on_bug(_request: Request, _error: Exception) -> Response:
    why = "an error inside the server; its log says more"
    return Problem(500, "bug", "the server failed", why, "please report it").response()
