"""Runs: the list, and one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import Response

from nanwatch_monitor.api.parameters import Cursor, PageSize, Project, RunId
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.run_record import Run
from nanwatch_monitor.run_states import State
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.runs import RunQuery
from nanwatch_monitor.views import RunViews

log = logging.getLogger(__name__)


def router(
    store: Store, views: RunViews, deleted: Callable[[str], None], clock: Callable[[], float]
) -> APIRouter:
    """The routes.

    Args:
        deleted: called with the id of each run that was deleted.
    """
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
        return Json({"runs": views.with_sizes(found[:limit], now), "next": after})

    @routes.get("/{run_id}")
    def run(run_id: RunId) -> Response:
        """One run with its configuration and facts."""
        return Json(views.one(existing(store, run_id), clock()))

    @routes.delete("/{run_id}", status_code=204)
    def delete(run_id: RunId) -> Response:
        """Delete a run and all that belongs to it, for good. Its training is told so, and goes on
        without reporting.
        """
        if not store.housekeeping.delete(run_id, clock()):
            raise _unknown()
        log.warning("run %s was deleted", run_id)
        deleted(run_id)
        return Response(
            status_code=204, background=BackgroundTask(store.housekeeping.give_back_space)
        )

    return routes


def existing(store: Store, run_id: str) -> Run:
    """The run. Raises Problem when there is none."""
    found = store.runs.find(run_id)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Problem:
    return Problem(404, "unknown_run", "there is no such run", how="see /api/v1/runs")
