"""For how long runs are kept whole, and at all."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nanwatch_monitor.bodies import described, read_json
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store.retention import Retention, RetentionStore

_Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None


class Rule(msgspec.Struct, frozen=True):
    """After how many days runs that are over are thinned, and deleted; null is never."""

    thin_after_days: _Days
    delete_after_days: _Days


def router(store: RetentionStore) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/retention", tags=["retention"])

    @routes.get("")
    def rule() -> Response:
        """After how many days runs that are over are thinned, and deleted; null is never."""
        return Json(vars(store.rule()))

    @routes.put("", openapi_extra=described(Rule))
    async def decide(request: Request) -> Response:
        """Decide both. A thinned run keeps its rollups, incidents and values that are not finite;
        pinned runs are left alone. It is done once an hour.
        """
        wanted = await read_json(request, Rule)
        said = Retention(wanted.thin_after_days, wanted.delete_after_days)
        await run_in_threadpool(store.decide, said)
        return Json(vars(said))

    return routes
