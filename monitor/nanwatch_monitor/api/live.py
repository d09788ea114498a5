"""The stream of live events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from nanwatch_monitor.api.parameters import RunIdsQuery
from nanwatch_monitor.live import Hub, Viewer
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.security import STREAM_PATH, Asker

MOST_STREAMS = 200
"""Of one credential: the server takes 1000 connections, and the others want to be heard, too."""

Everything = Annotated[bool, Query(alias="all")]


def router(hub: Hub) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["live"])

    @routes.get(STREAM_PATH)
    async def stream(
        asker: Asker, run_ids: RunIdsQuery = None, everything: Everything = False
    ) -> Response:
        """Server-sent events: run, diagnosis, alert, deleted, channel, gone.

        With `run`, once or several times, of these runs only, and with their points; with `all` of
        every other run as well.
        """
        if hub.open_by(asker.key) >= MOST_STREAMS:
            raise _too_many()
        return _LiveEvents(hub, Viewer(run_ids or (), everything or not run_ids, asker.key))

    return routes


def _too_many() -> Problem:
    return Problem(
        429,
        "too_many_streams",
        "too many streams are open",
        f"this token has {MOST_STREAMS}, the most that one may have",
        "close some, or make a token for each program",
        headers={"Retry-After": "30"},
    )


class _LiveEvents(StreamingResponse):
    """What a viewer is told. The hub knows the viewer for as long as the answer is being given.

    Not for as long as its events are being read: of a page that is gone before the first byte,
    none ever is.
    """

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, viewer: Viewer) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(viewer.events(), headers=headers)
        self._hub, self._viewer = hub, viewer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. What happens from the first line of the answer on is not missed."""
        self._hub.join(self._viewer)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._hub.leave(self._viewer)
