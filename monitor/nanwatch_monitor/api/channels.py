"""Channels: where alerts go. What lets somebody in there is taken, and never given out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from nanwatch.events import Name
from nanwatch_monitor.alert_views import channel_view
from nanwatch_monitor.alerts.alerting import Alerting
from nanwatch_monitor.alerts.channels import UnusableError
from nanwatch_monitor.alerts.settings import ChannelSettings, Kind
from nanwatch_monitor.bodies import described, read_json
from nanwatch_monitor.problems import Problem
from nanwatch_monitor.replies import Json
from nanwatch_monitor.store.channels import ChannelStore
from nanwatch_monitor.trail import tell

ChannelId = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$", description="the channel's id")]
_Target = Annotated[str, msgspec.Meta(min_length=3, max_length=2000, pattern=r"^[^\x00-\x1f]+\Z")]


class NewChannel(msgspec.Struct, frozen=True):
    """What is asked for.

    Attributes:
        name: for people.
        target: a URL, or for "email" one or several addresses.
        secret: what signs a webhook's messages: whsec_ and base64.
    """

    kind: Kind
    name: Name
    target: _Target
    secret: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Switch(msgspec.Struct, frozen=True):
    """Whether a channel is on."""

    enabled: bool


def router(
    store: ChannelStore,
    alerting: Alerting,
    changed: Callable[[str], None],
    clock: Callable[[], float],
) -> APIRouter:
    """The routes.

    Args:
        alerting: knows all channels, and sends tests.
        changed: called with the id of a channel that is not what it was.
        clock: seconds since 1970.
    """
    routes = APIRouter(prefix="/api/v1/channels", tags=["alerts"])
    channels, delivery = alerting.channels, alerting.delivery

    @routes.get("")
    def listed() -> Response:
        """Every channel, with its latest attempt."""
        known = channels.all()
        last = store.last([one.id for one in known])
        return Json({"channels": [channel_view(one, last.get(one.id)) for one in known]})

    @routes.post("", status_code=201, openapi_extra=described(NewChannel))
    async def add(request: Request) -> Response:
        """Set up a channel. Target and secret are not shown again."""
        wanted = await read_json(request, NewChannel)
        tell(request, f"{wanted.kind} {wanted.name}")
        return await run_in_threadpool(_add, wanted)

    @routes.patch("/{channel_id}", openapi_extra=described(Switch))
    async def switch(channel_id: ChannelId, request: Request) -> Response:
        """Switch a channel on, or off: then what waits for it is dropped."""
        wanted = await read_json(request, Switch)
        tell(request, f"channel {channel_id}, {'on' if wanted.enabled else 'off'}")
        return await run_in_threadpool(_switch, channel_id, wanted.enabled)

    @routes.delete("/{channel_id}", status_code=204)
    def remove(channel_id: ChannelId) -> Response:
        """Forget a channel, and what waits for it."""
        _of_page(channel_id)
        store.remove(channel_id)
        changed(channel_id)
        return Response(status_code=204)

    @routes.post("/{channel_id}/test")
    def test(channel_id: ChannelId) -> Response:
        """Send a test over a channel, once, and say what came of it."""
        known = _existing(channel_id)
        try:
            outcome = delivery.test(known, channels.open(known))
        except UnusableError as error:
            return Json({"ok": False, "status": None, "latency_ms": 0, "error": str(error)})
        changed(channel_id)
        told = asdict(outcome)
        kept = {name: told[name] for name in ("status", "latency_ms", "error")}
        return Json({"ok": outcome.state == "sent", **kept})

    def _add(wanted: NewChannel) -> Response:
        target = wanted.target.strip()
        new = ChannelSettings("new", wanted.kind, wanted.name, target, wanted.secret)
        try:
            channels.check(new)
        except UnusableError as error:
            raise Problem(
                422, "invalid", "the channel cannot be used", str(error), "mend it, and try again"
            ) from error
        added = store.add(new, clock())
        changed(added.id)
        return Json(channel_view(added, None), 201)

    def _switch(channel_id: str, enabled: bool) -> Response:
        _of_page(channel_id)
        store.switch(channel_id, enabled)
        changed(channel_id)
        return Json(channel_view(_existing(channel_id), store.last([channel_id]).get(channel_id)))

    def _existing(channel_id: str) -> ChannelSettings:
        found = channels.find(channel_id)
        if found is None:
            how = "see /api/v1/channels"
            raise Problem(404, "unknown_channel", "there is no such channel", how=how)
        return found

    def _of_page(channel_id: str) -> None:
        known = _existing(channel_id)
        if known.source == "environment":
            how = f"change {known.name} at the server and start it anew"
            raise Problem(409, "fixed", "the environment sets this channel up", how=how)

    return routes
