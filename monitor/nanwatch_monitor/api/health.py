"""Whether the server lives, and whether it can serve. No token is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch import __version__
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store import Store


def router(store: Store, instance: str, clock: Callable[[], float]) -> APIRouter:
    """The routes.

    Args:
        instance: tells this process from any other, so that `nanwatch stop` stops no stranger.
        clock: seconds since 1970.
    """
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def healthz() -> Response:
        """The process lives."""
        return Json(
            {
                "service": "nanwatch",
                "instance": instance,
                "version": __version__,
                "pid": os.getpid(),
                "time": clock(),
            }
        )

    @routes.get("/readyz")
    def readyz() -> Response:
        """The database answers."""
        trouble = store.trouble()
        body = {"ready": trouble is None, "database": store.database.kind, "why": trouble or ""}
        return Json(body, 200 if trouble is None else 503)

    return routes
