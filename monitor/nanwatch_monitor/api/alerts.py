"""Alerts: the list, what people make of them, and how they were delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nanwatch.events import MAX_STEP, Severity
from nanwatch_monitor.alert_views import attempt_view
from nanwatch_monitor.api.parameters import Cursor, PageSize, Project, RunIdQuery
from nanwatch_monitor.bodies import described, read_json
from nanwatch_monitor.incidents import AlertState, Incident
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store.alerts import AlertQuery, AlertStore
from nanwatch_monitor.views import alert_view

MAX_MUTE_S = 366 * 24 * 3600

Changed = Callable[[Sequence[Incident]], None]
"""Called with the alerts that people have changed."""

AlertId = Annotated[int, Path(ge=0, le=MAX_STEP, description="the alert's id")]
Listed = Annotated[AlertState | Literal["all"], Query(description="alerts in this state")]


class MuteFor(msgspec.Struct, frozen=True):
    """How long to tell nothing: so many seconds, or until it becomes worse."""

    until: Literal["worse"] | Annotated[int, msgspec.Meta(ge=1, le=MAX_MUTE_S)]


class Verdict(msgspec.Struct, frozen=True):
    """Whether the diagnosis was right; null takes an earlier answer back."""

    right: bool | None


def router(store: AlertStore, changed: Changed, clock: Callable[[], float]) -> APIRouter:
    """The routes; `clock` tells seconds since 1970."""
    routes = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    @routes.get("")
    def alerts(
        state: Listed = "all",
        run_id: RunIdQuery = None,
        project: Project = None,
        severity: Severity | None = None,
        limit: PageSize = 50,
        cursor: Cursor = None,
    ) -> Response:
        """Incidents that people are told about, the latest first."""
        wanted = None if state == "all" else state
        found = store.matching(AlertQuery(wanted, run_id, project, severity, cursor, limit + 1))
        after = str(found[limit - 1].id) if len(found) > limit else None
        return Json({"alerts": [alert_view(one) for one in found[:limit]], "next": after})

    @routes.get("/{alert_id}/deliveries")
    def deliveries(alert_id: AlertId) -> Response:
        """Every attempt to tell of an alert, the latest first."""
        return Json({"deliveries": [attempt_view(one) for one in store.attempts(alert_id)]})

    @routes.post("/{alert_id}/acknowledge")
    def acknowledge(alert_id: AlertId) -> Response:
        """Say that somebody looks after it."""
        return _told(store.acknowledge(alert_id, clock()), changed)

    @routes.post("/{alert_id}/resolve")
    def resolve(alert_id: AlertId) -> Response:
        """Say that it is done with. What waits to be told of it is not told any more."""
        return _told(store.resolve(alert_id, clock()), changed)

    @routes.post("/{alert_id}/reopen")
    def reopen(alert_id: AlertId) -> Response:
        """Say that it is not done with after all."""
        return _told(store.reopen(alert_id), changed)

    @routes.post("/{alert_id}/mute", openapi_extra=described(MuteFor))
    async def mute(alert_id: AlertId, request: Request) -> Response:
        """Tell nothing of it for so many seconds, or until it becomes worse."""
        wanted = await read_json(request, MuteFor)
        until = None if wanted.until == "worse" else clock() + wanted.until
        return _told(await run_in_threadpool(store.mute, alert_id, until), changed)

    @routes.post("/{alert_id}/unmute")
    def unmute(alert_id: AlertId) -> Response:
        """Tell of it again, from the next news on."""
        return _told(store.unmute(alert_id), changed)

    @routes.post("/{alert_id}/verdict", openapi_extra=described(Verdict))
    async def verdict(alert_id: AlertId, request: Request) -> Response:
        """Say whether the diagnosis was right."""
        wanted = await read_json(request, Verdict)
        return _told(await run_in_threadpool(store.judge, alert_id, wanted.right), changed)

    return routes


def _told(found: Incident | None, changed: Changed) -> Response:
    """The alert as it is now; open pages hear of it too."""
    if found is None:
        raise Problem(404, "unknown_alert", "there is no such alert", how="see /api/v1/alerts")
    changed([found])
    return Json(alert_view(found))
