"""Runs: the list, and one of them."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch_monitor.api.parameters import Cursor, PageSize, Project, RunId
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.run_record import Run
from nanwatch_monitor.run_states import State
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.runs import RunQuery
from nanwatch_monitor.views import RunViews


def router(store: Store, views: RunViews, clock: Callable[[], float]) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/runs", tags=["runs"])

    @routes.get("")
    def runs(
        project: Project = None,
        state: State | None = None,
        limit: PageSize = 50,
        cursor: Cursor = None,
    ) -> Response:
        """Runs, the latest first."""
        now = clock()
        query = RunQuery(project=project, before_no=cursor, limit=limit + 1)
        found = store.runs.list(query if state is None else views.of_state(query, state, now))
        after = str(found[limit - 1].no) if len(found) > limit else None
        return Json({"runs": views.many(found[:limit], now), "next": after})

    @routes.get("/{run_id}")
    def run(run_id: RunId) -> Response:
        """One run with its configuration and facts."""
        return Json(views.one(existing(store, run_id), clock()))

    return routes


def existing(store: Store, run_id: str) -> Run:
    """The run. Raises Problem when there is none."""
    found = store.runs.find(run_id)
    if found is None:
        raise Problem(404, "unknown_run", "there is no such run", how="see /api/v1/runs")
    return found
