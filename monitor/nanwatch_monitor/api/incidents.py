"""What went wrong in a run."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch_monitor.api.parameters import RunId
from nanwatch_monitor.api.runs import existing
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store import Store
from nanwatch_monitor.views import diagnosis_view


def router(store: Store) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1", tags=["incidents"])

    @routes.get("/runs/{run_id}/diagnoses")
    def diagnoses(run_id: RunId) -> Response:
        """The diagnoses of a run in the order in which their symptoms appeared."""
        existing(store, run_id)
        found = [diagnosis_view(incident) for incident in store.incidents.of_run(run_id)]
        return Json({"diagnoses": found})

    return routes
