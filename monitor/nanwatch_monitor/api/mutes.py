"""Mutes: what is not told for a while, by run, project and symptom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nanwatch.events import MAX_STEP, Name
from nanwatch_monitor.alert_views import mute_view
from nanwatch_monitor.api.alerts import MAX_MUTE_S, Changed
from nanwatch_monitor.bodies import described, read_json
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.alerts import Mute

MuteId = Annotated[int, Path(ge=0, le=MAX_STEP, description="the mute's id")]
_Text = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00-\x1f]*\Z")]
_RunId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,32}\Z")]


class NewMute(msgspec.Struct, frozen=True):
    """What is not to be told: all that fits what is given.

    Attributes:
        until: for so many seconds.
    """

    until: Annotated[int, msgspec.Meta(ge=1, le=MAX_MUTE_S)]
    run_id: _RunId | None = None
    project: Name | None = None
    symptom: _Word | None = None
    reason: _Text = ""


def router(store: Store, changed: Changed, clock: Callable[[], float]) -> APIRouter:
    """The routes; `clock` tells seconds since 1970."""
    routes = APIRouter(prefix="/api/v1/mutes", tags=["alerts"])

    @routes.get("")
    def mutes() -> Response:
        """The mutes in force, the latest first."""
        return Json({"mutes": [mute_view(one) for one in store.alerts.mutes(clock())]})

    @routes.post("", status_code=201, openapi_extra=described(NewMute))
    async def add(request: Request) -> Response:
        """Tell nothing of what fits, for so many seconds. It is recorded and listed as ever."""
        wanted = await read_json(request, NewMute)
        return await run_in_threadpool(_add, wanted)

    @routes.delete("/{mute_id}", status_code=204)
    def remove(mute_id: MuteId) -> Response:
        """End a mute."""
        freed = store.alerts.remove_mute(mute_id)
        if freed is None:
            raise Problem(404, "unknown_mute", "there is no such mute", how="see /api/v1/mutes")
        changed(store.incidents.some(freed))
        return Response(status_code=204)

    def _add(wanted: NewMute) -> Response:
        if not (wanted.run_id or wanted.project or wanted.symptom):
            how = "name at least one of run_id, project and symptom"
            raise Problem(422, "invalid", "this would mute everything", how=how)
        now = clock()
        until = now + wanted.until
        new = Mute(0, wanted.run_id, wanted.project, wanted.symptom, until, wanted.reason)
        added = store.alerts.add_mute(new, now)
        if added is None:
            raise Problem(404, "unknown_run", "there is no such run", how="see /api/v1/runs")
        mute, held = added
        changed(store.incidents.some(held))
        return Json(mute_view(mute), 201)

    return routes
