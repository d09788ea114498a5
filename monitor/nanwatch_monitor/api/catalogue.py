"""What nanwatch knows: the causes with what to do about each, and the loss functions."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch.diagnosis import CAUSES
from nanwatch.diagnosis.cause import CausePage
from nanwatch.events import SYMPTOMS
from nanwatch.losses import LOSSES
from nanwatch_monitor.replies import Json

_FIELDS = ("label", "title", "why", "remedy", "before", "after")


def router() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1", tags=["catalogue"])

    @routes.get("/causes")
    def causes() -> Response:
        """Every cause by its label."""
        return Json({"causes": [_plain(page) for page in CAUSES.values()]})

    @routes.get("/losses")
    def losses() -> Response:
        """Every loss function: what it wants, its names, parameters, hazards and an example."""
        return Json({"losses": [asdict(page) for page in LOSSES.values()]})

    return routes


def _plain(page: CausePage) -> dict[str, object]:
    told = {name: getattr(page, name) for name in _FIELDS}
    return told | {"symptoms": [one for one in SYMPTOMS if one in page.symptoms]}
