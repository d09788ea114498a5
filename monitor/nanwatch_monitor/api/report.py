"""One run as one file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from fastapi import APIRouter
from starlette.responses import Response

from nanwatch.events import SEVERITIES
from nanwatch_monitor.api.parameters import RunId
from nanwatch_monitor.api.runs import existing
from nanwatch_monitor.run_record import Run
from nanwatch_monitor.series.overview import Overview
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.store import Store
from nanwatch_monitor.views import RunViews

LOSS = "batch/loss"
LOOK_BACK = 1000
BUCKETS = 600
MOST_SERIES = 300
"""A model of hundreds of layers has thousands of series; the first ones hold losses and metrics."""


def router(
    store: Store, views: RunViews, reader: SeriesReader, clock: Callable[[], float]
) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/v1/runs/{run_id}", tags=["runs"])

    @routes.get("/report")
    def run_report(run_id: RunId) -> Response:
        """The run's curves and diagnoses as one HTML file that needs no server."""
        # Imported here: Plotly takes longer than the rest of the server's start.
        from nanwatch_monitor.report import Contents, report

        run, now = existing(store, run_id), clock()
        names = list(reader.summaries(run_id))[:MOST_SERIES]
        curves = {name: reader.overview(run_id, name, None, None, BUCKETS) for name in names}
        found = [incident.diagnosis for incident in store.incidents.of_run(run_id)]
        contents = Contents(
            views.one(run, now),
            sorted(found, key=lambda one: -SEVERITIES.index(one.severity)),
            {name: curve for name, curve in curves.items() if curve is not None},
            _last_finite(reader, run, curves.get(LOSS)),
            datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", run.description.name)[:60] or run.id
        # To be kept, not to be opened here: it holds scripts of its own.
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.html"',
            "Content-Security-Policy": "sandbox",  # if a browser opens it all the same
        }
        return Response(report(contents), headers=headers, media_type="text/html; charset=utf-8")

    return routes


def _last_finite(reader: SeriesReader, run: Run, curve: Overview | None) -> float | None:
    """The last finite loss: the run's last one, or the one before the first that was not."""
    last = run.progress.last_loss
    if last is not None and math.isfinite(last):
        return last
    step = curve.nonfinite[0].step if curve and curve.nonfinite else 0
    before = reader.points(run.id, LOSS, max(0, step - LOOK_BACK), step - 1, LOOK_BACK)
    finite = [] if before is None else before.values[np.isfinite(before.values)].tolist()
    return finite[-1] if step and finite else None
