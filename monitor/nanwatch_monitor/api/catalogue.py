"""What nanwatch knows: the causes with what to do about each, and the loss functions."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch.diagnosis import CAUSES
from nanwatch.losses import LOSSES
from nanwatch_monitor.replies import Json

_FIELDS = ("label", "title", "why", "remedy", "before", "after")


def router() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1", tags=["catalogue"])

    @routes.get("/causes")
    def causes() -> Response:
        """Every cause by its label."""
        found = [{name: getattr(page, name) for name in _FIELDS} for page in CAUSES.values()]
        return Json({"causes": found})

    @routes.get("/losses")
    def losses() -> Response:
        """Every loss function: its names, parameters and hazards."""
        return Json({"losses": [asdict(page) for page in LOSSES.values()]})

    return routes
