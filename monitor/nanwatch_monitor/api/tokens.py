"""Tokens: who may ask this server for what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nanwatch.events import MAX_STEP, Name
from nanwatch_monitor.bodies import described, read_json
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.rights import Scope
from nanwatch_monitor.store.tokens import TokenStore
from nanwatch_monitor.trail import tell

MAX_LIFE_S = 10 * 366 * 24 * 3600
TokenId = Annotated[int, Path(ge=1, le=MAX_STEP, description="the token's id")]


class NewToken(msgspec.Struct, frozen=True):
    """What is asked for.

    Attributes:
        name: for people.
        project: the only project that a token of scope "write" may write to.
        expires_in: seconds; None never.
    """

    name: Name
    scope: Scope
    project: Name | None = None
    expires_in: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIFE_S)] | None = None


def router(store: TokenStore, revoked: Callable[[], None], clock: Callable[[], float]) -> APIRouter:
    """The routes.

    Args:
        revoked: called when a token was revoked.
        clock: seconds since 1970.
    """
    routes = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

    @routes.get("")
    def tokens() -> Response:
        """Every token, without its secret, the latest first."""
        return Json({"tokens": [asdict(token) for token in store.all()]})

    @routes.post("", status_code=201, openapi_extra=described(NewToken))
    async def create(request: Request) -> Response:
        """Make a token. Its secret is in this answer and nowhere else."""
        wanted = await read_json(request, NewToken)
        if wanted.project is not None and wanted.scope != "write":
            raise _project_needs_write()
        now = clock()
        expires_at = None if wanted.expires_in is None else now + wanted.expires_in
        token, secret = await run_in_threadpool(
            store.create, wanted.name, wanted.scope, wanted.project, expires_at, now
        )
        told = f"token {token.id} ({token.name}), {token.scope}"
        tell(request, f"{told}, project {token.project}" if token.project else told)
        return Json({**asdict(token), "token": secret}, 201)

    @routes.delete("/{token_id}")
    def revoke(token_id: TokenId) -> Response:
        """Revoke a token: within a second it opens nothing, and the streams that it opened end."""
        token = store.revoke(token_id, clock())
        if token is None:
            raise Problem(404, "unknown_token", "there is no such token", how="see /api/v1/tokens")
        revoked()
        return Json(asdict(token))

    return routes


def _project_needs_write() -> Problem:
    why = "only a token of scope write is kept to a project; the others see all runs"
    return Problem(422, "invalid", "the token cannot be made", why, "leave out `project`")
