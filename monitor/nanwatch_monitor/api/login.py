"""How a browser logs in: by a one-time link, or with a pasted token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from nanwatch_monitor.api.pages import page
from nanwatch_monitor.bodies import read_json
from nanwatch_monitor.keys import Keys, cookie_name
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.rights import OWNER
from nanwatch_monitor.security import Asker, Limits, address, is_local_path, once_more
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.access import SESSION_LIFE_S
from nanwatch_monitor.store.audit import Entry

_FOREIGN = ("cross-site", "same-site")


class Pasted(msgspec.Struct):
    """What the login page sends."""

    token: str


def router(
    keys: Keys, limits: Limits, store: Store, clock: Callable[[], float], public_url: str
) -> APIRouter:
    """The routes.

    Args:
        public_url: where people reach the server; a proxy in front of it may speak TLS for it.
        clock: seconds since 1970.
    """
    routes = APIRouter(tags=["login"])

    @routes.post("/api/v1/login-codes")
    def new_code(asker: Asker) -> Response:
        """A link that logs a browser in once, within a day."""
        code = store.access.new_code(clock(), asker.token_id)
        return Json({"code": code, "path": f"/login?code={code}"}, 201)

    @routes.get("/login", include_in_schema=False)
    async def login(
        request: Request,
        code: Annotated[str | None, Query(max_length=200)] = None,
        after: Annotated[str, Query(alias="next", max_length=500)] = "/",
    ) -> Response:
        """Redeem a code, or show where a token can be pasted. Who is logged in goes on."""
        onward = after if is_local_path(after) else "/"
        if code is not None:
            redeemed = await run_in_threadpool(store.access.redeem, code, clock())
            if redeemed is not None:
                answer = RedirectResponse(onward, 303)
                return await _logged_in(request, answer, redeemed.token_id, "link")
            _refuse_guessing(request)
        if request.headers.get("sec-fetch-site") in _FOREIGN:  # comes without its cookie
            return once_more(f"/login?next={quote(onward)}")
        inside = await keys.identify(request.headers) is not None
        return RedirectResponse(onward, 303) if inside else page("login")

    @routes.post("/login", include_in_schema=False)
    async def paste(request: Request) -> Response:
        """Trade a token for a session."""
        pasted = await read_json(request, Pasted)
        identity = (await keys.holder(pasted.token)) if pasted.token else None
        if identity is None:
            _refuse_guessing(request)
            how = "`nanwatch token` prints the right one on the server's machine"
            raise Problem(401, "unauthorized", "this is not the token", how=how)
        if identity.scope == "write":
            how = "paste a token of scope read or admin"
            raise Problem(403, "scope", "a token of scope write opens no pages", how=how)
        return await _logged_in(request, Json({"ok": True}), identity.token_id, "pasted token")

    def _refuse_guessing(request: Request) -> None:
        too_often = limits.failure(request.scope)
        if too_often is not None:
            raise too_often

    async def _logged_in(
        request: Request, answer: Response, token_id: int | None, way: str
    ) -> Response:
        """Open a session that ends with the token it comes from, and write it down."""
        name = OWNER.name if token_id is None else f"token {token_id}"
        entry = Entry(clock(), name, "login", detail=f"{way}, from {address(request.scope)}")
        await run_in_threadpool(store.audit.record, entry)
        secret = await run_in_threadpool(store.access.new_session, clock(), token_id)
        _set_cookie(request, answer, secret, public_url)
        return answer

    return routes


def _set_cookie(request: Request, answer: Response, secret: str, public_url: str) -> None:
    """Out of reach of scripts, and sent to this server's own pages alone."""
    host = request.headers.get("host", "")
    answer.set_cookie(
        cookie_name(host),
        secret,
        max_age=int(SESSION_LIFE_S),
        httponly=True,
        samesite="strict",
        secure=public_url == f"https://{host}",
    )
    answer.headers["Cache-Control"] = "no-store"
