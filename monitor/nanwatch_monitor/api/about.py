"""What this server is."""

from __future__ import annotations

import platform

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch import __version__
from nanwatch_monitor.replies import Json
from nanwatch_monitor.security import Asker
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.runs import RunQuery


def router(store: Store, auth: bool, started_at: float) -> APIRouter:
    """The route.

    Args:
        auth: whether a token is asked for.
        started_at: seconds since 1970.
    """
    routes = APIRouter(prefix="/api/v1", tags=["health"])

    @routes.get("/about")
    def about(asker: Asker) -> Response:
        """Versions, the size of the database, and how far the asker's own token goes."""
        database = {
            "kind": store.database.kind,
            "size_bytes": store.database.size_bytes(),
            "runs": store.runs.count(RunQuery()),
        }
        return Json(
            {
                "version": __version__,
                "python": platform.python_version(),
                "database": database,
                "started_at": started_at,
                "auth": auth,
                "scope": asker.scope,
            }
        )

    return routes
