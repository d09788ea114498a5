"""The numbers that a Prometheus collects."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from nanwatch_monitor.security import METRICS_PATH


def router(registry: CollectorRegistry) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["health"])

    @routes.get(METRICS_PATH)
    def metrics(request: Request) -> Response:
        """The server in numbers, in the text format of Prometheus."""
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type})

    return routes
