"""What went wrong: the diagnoses of a run, and the alerts of all runs."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch_monitor.api.parameters import Cursor, PageSize, RunId, RunIdQuery
from nanwatch_monitor.api.runs import existing
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store import Store
from nanwatch_monitor.views import alert_view, diagnosis_view


def router(store: Store) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1", tags=["incidents"])

    @routes.get("/runs/{run_id}/diagnoses")
    def diagnoses(run_id: RunId) -> Response:
        """The diagnoses of a run in the order in which their symptoms appeared."""
        existing(store, run_id)
        found = [diagnosis_view(incident) for incident in store.incidents.of_run(run_id)]
        return Json({"diagnoses": found})

    @routes.get("/alerts")
    def alerts(run_id: RunIdQuery = None, limit: PageSize = 50, cursor: Cursor = None) -> Response:
        """Incidents that people are told about, of all runs or of one, the latest first."""
        found = store.incidents.alerts(limit + 1, run_id, before_id=cursor)
        after = str(found[limit - 1].id) if len(found) > limit else None
        return Json({"alerts": [alert_view(one) for one in found[:limit]], "next": after})

    return routes
