"""Curves of a run: which there are, their exact points, and an overview for a chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, NoReturn

from fastapi import APIRouter, Query
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from nanwatch.events import to_json
from nanwatch_monitor.api.parameters import Cursor, FromStep, RunId, SeriesName, ToStep
from nanwatch_monitor.api.runs import existing
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json, numbers, or_null, packed, typed
from nanwatch_monitor.series.overview import Overview, Summary
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.store import Store

MAX_POINTS = 50_000
Limit = Annotated[int, Query(ge=1, le=MAX_POINTS)]
Buckets = Annotated[int, Query(ge=1, le=10_000)]


def router(store: Store, reader: SeriesReader) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/runs/{run_id}", tags=["series"])

    def missing(run_id: str) -> NoReturn:
        existing(store, run_id)
        how = f"see /api/v1/runs/{run_id}/series"
        raise Problem(404, "unknown_series", "the run has no such series", how=how)

    @routes.get("/series")
    def series(request: Request, run_id: RunId) -> Response:
        """All series of a run in numbers."""
        existing(store, run_id)
        found = reader.summaries(run_id).items()
        views = [_summary_view(name, one) for name, one in found]
        return packed(Json({"series": views}), request)

    @routes.get("/points")
    def points(
        request: Request,
        run_id: RunId,
        name: SeriesName,
        first: FromStep = None,
        last: ToStep = None,
        limit: Limit = 10_000,
        cursor: Cursor = None,
    ) -> Response:
        """The exact points of a series, a page at a time.

        Before step `exact_from` they are gone, because the run was thinned; null: all are kept.
        """
        begin = cursor if cursor is not None else first
        curve = reader.points(run_id, name, begin, last, limit + 1) or missing(run_id)
        page = curve[:limit]
        after = str(curve.steps[limit]) if len(curve.steps) > limit else None
        body = {"steps": page.steps.tolist(), "values": numbers(page.values), "next": after}
        return packed(Json({**body, "exact_from": reader.exact_from(run_id, name)}), request)

    @routes.get("/overview")
    def curve_overview(
        request: Request,
        run_id: RunId,
        name: SeriesName,
        first: FromStep = None,
        last: ToStep = None,
        buckets: Buckets = 1000,
        form: Annotated[Literal["plain", "typed"], Query(alias="format")] = "plain",
    ) -> Response:
        """A series in buckets; non-finite points are counted and listed, never averaged.

        Before step `exact_from` buckets are all that is kept; null: every point is.
        """
        found = reader.overview(run_id, name, first, last, buckets) or missing(run_id)
        view = _overview_view(found, typed if form == "typed" else or_null)
        return packed(Json({**view, "exact_from": reader.exact_from(run_id, name)}), request)

    return routes


def _summary_view(name: str, found: Summary) -> Any:
    fields = dict(vars(found))
    return to_json({"name": name, "min": fields.pop("low"), "max": fields.pop("high"), **fields})


def _overview_view(found: Overview, written: Callable[[NDArray[Any]], Any]) -> dict[str, Any]:
    return {
        "from": written(found.first),
        "to": written(found.last),
        "min": written(found.low),
        "max": written(found.high),
        "mean": written(found.mean),
        "n": written(found.n),
        "n_nonfinite": written(found.n_nonfinite),
        "nonfinite": to_json(found.nonfinite),
    }
