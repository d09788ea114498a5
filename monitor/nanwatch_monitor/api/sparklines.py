"""The losses of several runs at a glance: what a list draws beside each."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from nanwatch_monitor.replies import Json, or_null
from nanwatch_monitor.series.reader import SeriesReader

BUCKETS = 40
LOSSES = ("batch/loss", "epoch/loss")

_Id = Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
RunIds = Annotated[list[_Id], Query(alias="run", min_length=1, max_length=50)]


def router(reader: SeriesReader) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/api/v1", tags=["runs"])

    @routes.get("/sparklines")
    def sparklines(run_ids: RunIds) -> Response:
        """The loss of each run in a few buckets and its first step that is not finite, or null."""
        return Json({"sparklines": {run_id: _sparkline(reader, run_id) for run_id in run_ids}})

    return routes


def _sparkline(reader: SeriesReader, run_id: str) -> dict[str, Any] | None:
    overviews = (reader.overview(run_id, name, None, None, BUCKETS) for name in LOSSES)
    found = next((each for each in overviews if each is not None and len(each.n)), None)
    if found is None:
        return None
    bad = found.nonfinite[0].step if found.nonfinite else None
    return {"to": found.last.tolist(), "mean": or_null(found.mean), "nonfinite_from": bad}
