"""Runs: the list, and one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nanwatch.events import MAX_NAME
from nanwatch.settings import MAX_TAGS
from nanwatch_monitor.announce import Announcer
from nanwatch_monitor.api.parameters import Cursor, PageSize, Project, RunId
from nanwatch_monitor.bodies import described, read_json
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.run_record import Run
from nanwatch_monitor.run_states import State
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.runs import RunQuery
from nanwatch_monitor.views import RunViews

log = logging.getLogger(__name__)


_MAX_BODY = 256 * 1024
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00-\x1f]*$")]
_Words = Annotated[str, msgspec.Meta(max_length=10_000, pattern=r"^[^\x00-\x08\x0b-\x1f]*$")]


class Edit(msgspec.Struct, forbid_unknown_fields=True):
    """What people may change of a run; what is not given stays."""

    name: _Word | msgspec.UnsetType = msgspec.UNSET
    tags: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=MAX_TAGS)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    pinned: bool | msgspec.UnsetType = msgspec.UNSET
    note: _Words | msgspec.UnsetType = msgspec.UNSET


def router(
    store: Store, views: RunViews, announcer: Announcer, clock: Callable[[], float]
) -> APIRouter:
    """The routes.

    Args:
        announcer: told of each run that was edited or deleted.
    """
    routes = APIRouter(prefix="/api/v1/runs", tags=["runs"])

    @routes.get("")
    def runs(
        project: Project = None,
        state: State | None = None,
        limit: PageSize = 50,
        cursor: Cursor = None,
    ) -> Response:
        """Runs, the latest first."""
        now = clock()
        query = RunQuery(project=project, before_no=cursor, limit=limit + 1)
        found = store.runs.list(query if state is None else views.of_state(query, state, now))
        after = str(found[limit - 1].no) if len(found) > limit else None
        return Json({"runs": views.with_sizes(found[:limit], now), "next": after})

    @routes.get("/{run_id}")
    def run(run_id: RunId) -> Response:
        """One run with its configuration and facts."""
        return Json(views.one(existing(store, run_id), clock()))

    @routes.patch("/{run_id}", openapi_extra=described(Edit))
    async def edit(run_id: RunId, request: Request) -> Response:
        """Change a run's `name`, `tags`, `pinned` or `note`; what is not given stays."""
        said = _given(await read_json(request, Edit, _MAX_BODY))
        return await run_in_threadpool(_edited, run_id, said)

    def _edited(run_id: str, said: Mapping[str, Any]) -> Response:
        if not store.runs.edit(run_id, said):
            raise _unknown()
        announcer.edited(run_id)
        return Json(views.one(existing(store, run_id), clock()))

    @routes.delete("/{run_id}", status_code=204)
    def delete(run_id: RunId) -> Response:
        """Delete a run and all that belongs to it, for good. Its training is told so, and goes on
        without reporting.
        """
        if not store.housekeeping.delete(run_id, clock()):
            raise _unknown()
        log.warning("run %s was deleted", run_id)
        announcer.deleted(run_id)
        return Response(
            status_code=204, background=BackgroundTask(store.housekeeping.give_back_space)
        )

    return routes


def existing(store: Store, run_id: str) -> Run:
    """The run. Raises Problem when there is none."""
    found = store.runs.find(run_id)
    if found is None:
        raise _unknown()
    return found


def _given(said: Edit) -> dict[str, Any]:
    given = {name: getattr(said, name) for name in said.__struct_fields__}
    return {name: value for name, value in given.items() if value is not msgspec.UNSET}


def _unknown() -> Problem:
    return Problem(404, "unknown_run", "there is no such run", how="see /api/v1/runs")
