"""How a browser logs in: by a one-time link, or with a pasted token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from nanwatch_monitor.api.pages import page
from nanwatch_monitor.bodies import read_body
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.security import Keys, cookie_name, is_local_path
from nanwatch_monitor.store.access import SESSION_LIFE_S, AccessStore

_MAX_BODY = 4096


class Pasted(msgspec.Struct):
    """What the login page sends."""

    token: str


def router(keys: Keys, access: AccessStore, clock: Callable[[], float]) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["login"])

    @routes.post("/api/v1/login-codes")
    def new_code() -> Response:
        """A link that logs a browser in once, within a day."""
        code = access.new_code(clock())
        return Json({"code": code, "path": f"/login?code={code}"}, 201)

    @routes.get("/login", include_in_schema=False)
    def login(
        request: Request,
        code: Annotated[str | None, Query(max_length=200)] = None,
        after: Annotated[str, Query(alias="next", max_length=500)] = "/",
    ) -> Response:
        """Redeem a code, or show where a token can be pasted."""
        if code is None or not access.redeem(code, clock()):
            return page("login")
        answer = RedirectResponse(after if is_local_path(after) else "/", 303)
        _open_session(request, answer, access.new_session(clock()))
        return answer

    @routes.post("/login", include_in_schema=False)
    async def paste(request: Request) -> Response:
        """Trade a token for a session."""
        token = _token(await read_body(request, "application/json", _MAX_BODY))
        if not keys.is_token(token):
            how = "`nanwatch token` prints the right one on the server's machine"
            raise Problem(401, "unauthorized", "this is not the token", how=how)
        answer = Json({"ok": True})
        _open_session(request, answer, await run_in_threadpool(access.new_session, clock()))
        return answer

    return routes


def _token(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=Pasted).token
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        how = 'send {"token": "..."}'
        raise Problem(400, "malformed", "the body cannot be read", how=how) from error


def _open_session(request: Request, answer: Response, secret: str) -> None:
    """Set the cookie: out of reach of scripts, and sent to this server's own pages alone."""
    answer.set_cookie(
        cookie_name(request.headers.get("host", "")),
        secret,
        max_age=int(SESSION_LIFE_S),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    answer.headers["Cache-Control"] = "no-store"
