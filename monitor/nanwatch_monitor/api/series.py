"""Curves of a run: which there are, their exact points, and an overview for a chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, NoReturn

from fastapi import APIRouter, Query
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from nanwatch.events import to_json
from nanwatch.wire import MAX_STEP
from nanwatch_monitor.api.parameters import Cursor, FromStep, RunId, SeriesName, ToStep
from nanwatch_monitor.api.runs import existing
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json, numbers, or_null, packed, typed
from nanwatch_monitor.series.overview import Attempt, Overview, Summary
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.store import Store

MAX_POINTS = 50_000
Limit = Annotated[int, Query(ge=1, le=MAX_POINTS)]
Buckets = Annotated[int, Query(ge=1, le=10_000)]
AttemptNo = Annotated[
    int | None,
    Query(alias="attempt", ge=0, le=MAX_STEP, description="that one alone, by its number"),
]


def router(store: Store, reader: SeriesReader) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/runs/{run_id}", tags=["series"])

    def missing(run_id: str, name: str) -> NoReturn:
        existing(store, run_id)
        how = f"see /api/v1/runs/{run_id}/series"
        if reader.has(run_id, name):
            how = "see `attempts` in the overview of the series"
            raise Problem(404, "unknown_attempt", "the series has no such attempt", how=how)
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
        attempt: AttemptNo = None,
    ) -> Response:
        """The exact points of a series, a page at a time: of several attempts, at each step those
        of the latest.

        Before step `exact_from` they are gone, because the run was thinned; null: all are kept.
        """
        begin = cursor if cursor is not None else first
        found = reader.points(run_id, name, begin, last, limit + 1, attempt)
        curve = found or missing(run_id, name)
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
        attempt: AttemptNo = None,
    ) -> Response:
        """A series in buckets; non-finite points are counted and listed, never averaged.

        A run that was taken up again, a step that goes back and a second writer are `attempts`; at
        each step the latest is shown, unless one is asked for.

        Before step `exact_from` buckets are all that is kept; null: every point is.
        """
        asked = (run_id, name, first, last, buckets, attempt)
        found = reader.overview(*asked) or missing(run_id, name)
        view = _overview_view(found, typed if form == "typed" else or_null)
        return packed(Json(view), request)

    return routes


def _summary_view(name: str, found: Summary) -> Any:
    fields = dict(vars(found))
    return to_json({"name": name, "min": fields.pop("low"), "max": fields.pop("high"), **fields})


def _overview_view(found: Overview, written: Callable[[NDArray[Any]], Any]) -> dict[str, Any]:
    columns = {
        "from": found.first,
        "to": found.last,
        "min": found.low,
        "max": found.high,
        "mean": found.mean,
        "n": found.n,
        "n_nonfinite": found.n_nonfinite,
        "n_nan": found.n_nan,
        "n_pinf": found.n_pinf,
        "n_ninf": found.n_ninf,
    }
    return {
        **{name: written(column) for name, column in columns.items()},
        "nonfinite": to_json(found.nonfinite),
        "attempts": [_attempt_view(one) for one in found.attempts],
        "exact_from": found.exact_from,
    }


def _attempt_view(one: Attempt) -> dict[str, int]:
    return {"attempt": one.no, "from": one.first, "to": one.last, "n": one.n}
