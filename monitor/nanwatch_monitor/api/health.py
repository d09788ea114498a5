"""Whether the server lives, and whether it can serve. No token is asked for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from nanwatch import __version__
from nanwatch_monitor.replies import Json

HOLDS_S = 1.0  # what was found holds for so long: anybody may ask, and asking writes


class Readiness:
    """Remembers for a moment whether the server can do its work.

    Args:
        trouble: says why it cannot, or None.
    """

    def __init__(self, trouble: Callable[[], str | None]) -> None:
        self._trouble, self._asked_at = trouble, float("-inf")
        self._found: str | None = "not known yet"
        self._asking = threading.Lock()

    def trouble(self) -> str | None:
        """Why it cannot; None when it can. While one asks a database that is slow to answer, the
        others hear what was found before: nobody can make all threads wait for it.
        """
        if time.monotonic() - self._asked_at > HOLDS_S and self._asking.acquire(blocking=False):
            try:
                self._found = self._trouble()
                self._asked_at = time.monotonic()
            finally:
                self._asking.release()
        return self._found


def router(
    trouble: Callable[[], str | None], database: str, instance: str, clock: Callable[[], float]
) -> APIRouter:
    """The routes.

    Args:
        trouble: says why the server cannot do its work, or None.
        database: its kind.
        instance: tells this process from any other, so that `nanwatch stop` stops no stranger.
        clock: seconds since 1970.
    """
    routes = APIRouter(tags=["health"])
    readiness = Readiness(trouble)

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
        """Points are stored and judged: the workers live, and the database takes something in."""
        why = readiness.trouble()
        body = {"ready": why is None, "database": database, "why": why or ""}
        return Json(body, 200 if why is None else 503)

    return routes
