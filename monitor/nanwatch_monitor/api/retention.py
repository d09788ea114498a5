"""For how long runs are kept whole, and at all."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nanwatch_monitor.bodies import read_body
from nanwatch_monitor.problems import Problem, shown
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store.retention import Retention, RetentionStore

_MAX_BODY = 1024
_Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    thin_after_days: _Days
    delete_after_days: _Days


def router(store: RetentionStore) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/retention", tags=["retention"])

    @routes.get("")
    def rule() -> Response:
        """After how many days runs that are over are thinned, and deleted; null is never."""
        return Json(vars(store.rule()))

    @routes.put("")
    async def decide(request: Request) -> Response:
        """Decide both. A thinned run keeps its rollups, incidents and values that are not finite;
        pinned runs are left alone. It is done once an hour.
        """
        said = _read(await read_body(request, "application/json", _MAX_BODY))
        await run_in_threadpool(store.decide, said)
        return Json(vars(said))

    return routes


def _read(body: bytes) -> Retention:
    try:
        said = msgspec.json.decode(body, type=_Rule)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        how = 'send {"thin_after_days": 30, "delete_after_days": null}: 1 to 36500, or null'
        what = "the rule cannot be read"
        raise Problem(400, "malformed", what, shown(str(error), 80), how) from error
    return Retention(said.thin_after_days, said.delete_after_days)
