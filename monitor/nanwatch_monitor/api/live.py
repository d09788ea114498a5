"""The stream of live events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from nanwatch_monitor.api.parameters import RunIdQuery
from nanwatch_monitor.live import Hub, Viewer
from nanwatch_monitor.security import STREAM_PATH


def router(hub: Hub) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["live"])

    @routes.get(STREAM_PATH)
    async def stream(run_id: RunIdQuery = None) -> Response:
        """Server-sent events: run, diagnosis, alert, gone; with `run` also that run's points."""
        # Joined before the answer begins: what happens from now on is not missed.
        viewer = Viewer(run_id)
        hub.join(viewer)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            _events(hub, viewer), media_type="text/event-stream", headers=headers
        )

    return routes


async def _events(hub: Hub, viewer: Viewer) -> AsyncIterator[bytes]:
    try:
        async for event in viewer.events():
            yield event
    finally:
        hub.leave(viewer)
