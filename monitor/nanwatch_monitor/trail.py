"""The audit trail: whatever is changed over HTTP is written down, whichever route does it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nanwatch_monitor.rights import INGEST_PATH, SAFE_METHODS
from nanwatch_monitor.security import known_identity
from nanwatch_monitor.store.audit import Entry

_DETAIL = "nanwatch.detail"
_VERBS = {"POST": "create", "PUT": "change", "PATCH": "change", "DELETE": "delete"}

log = logging.getLogger(__name__)


class Trail:
    """ASGI middleware behind the guard: records each change that succeeded, before its answer.

    Args:
        record: writes an entry to the database.
        clock: seconds since 1970.
    """

    def __init__(
        self, app: ASGIApp, record: Callable[[Entry], None], clock: Callable[[], float]
    ) -> None:
        self._app, self._record, self._clock = app, record, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        quiet = scope["type"] != "http" or scope["method"] in SAFE_METHODS
        if quiet or scope["path"] == INGEST_PATH:
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                await self._write(scope)
            await send(message)

        await self._app(scope, receive, sending)

    async def _write(self, scope: Scope) -> None:
        identity = known_identity(scope)
        if identity is None:  # a login, which tells of itself
            return
        subject = ", ".join(map(str, scope.get("path_params", {}).values()))
        action = action_of(scope["method"], str(getattr(scope.get("route"), "path", scope["path"])))
        detail = scope.get(_DETAIL, "")
        entry = Entry(self._clock(), identity.name, action, subject, detail)
        try:
            await run_in_threadpool(self._record, entry)
        except SQLAlchemyError as error:  # it has happened; to say otherwise would be wrong
            log.error("not in the audit (%s): %s", type(error).__name__, entry)


def tell(request: Request, detail: str) -> None:
    """Say more about a change that the trail records anyhow. No secrets."""
    request.scope[_DETAIL] = detail


def action_of(method: str, template: str) -> str:
    """The word for a change: of DELETE and /api/v1/runs/{run_id} "runs.delete"."""
    segments = [part for part in template.removeprefix("/api/v1").split("/") if part]
    words = [part for part in segments if not part.startswith("{")]
    named = len(words) > 1 and not segments[-1].startswith("{")
    return ".".join(words if named else [*words, _VERBS.get(method, method.lower())])
