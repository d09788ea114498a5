"""Who did what that matters for security."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch_monitor.api.parameters import Cursor, PageSize
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store.audit import AuditStore


def router(store: AuditStore) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/api/v1", tags=["audit"])

    @routes.get("/audit")
    def audit(limit: PageSize = 50, cursor: Cursor = None) -> Response:
        """Logins, and whatever was changed over HTTP or by the command line, the latest first."""
        found = store.entries(limit + 1, before_id=cursor)
        after = str(found[limit - 1][0]) if len(found) > limit else None
        return Json({"entries": [asdict(entry) for _, entry in found[:limit]], "next": after})

    return routes
