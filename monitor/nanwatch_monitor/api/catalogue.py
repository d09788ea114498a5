"""The causes that nanwatch knows, with what to do about each."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch.diagnosis import CAUSES
from nanwatch_monitor.replies import Json

_FIELDS = ("label", "title", "why", "remedy", "before", "after")


def router() -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/api/v1", tags=["catalogue"])

    @routes.get("/causes")
    def causes() -> Response:
        """Every cause by its label."""
        found = [{name: getattr(page, name) for name in _FIELDS} for page in CAUSES.values()]
        return Json({"causes": found})

    return routes
