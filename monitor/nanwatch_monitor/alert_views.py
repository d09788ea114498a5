"""How what belongs to alerts looks in JSON: channels, attempts and mutes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nanwatch_monitor.alerts.channels import redacted
from nanwatch_monitor.alerts.settings import ChannelSettings
from nanwatch_monitor.store.alerts import Attempt, Mute
from nanwatch_monitor.store.channels import Last
from nanwatch_monitor.views import iso


def attempt_view(attempt: Attempt) -> dict[str, Any]:
    """A try to deliver a message, as a line in the delivery log."""
    return asdict(attempt) | {"at": iso(attempt.at)}


def channel_view(channel: ChannelSettings, last: Last | None) -> dict[str, Any]:
    """A channel in JSON, without what lets somebody in."""
    return {
        "id": channel.id,
        "kind": channel.kind,
        "name": channel.name,
        "target": redacted(channel.kind, channel.target),
        "signed": channel.secret is not None,
        "source": channel.source,
        "enabled": channel.enabled,
        "last": asdict(last) | {"at": iso(last.at)} if last else None,
    }


def mute_view(mute: Mute) -> dict[str, Any]:
    """A mute in JSON."""
    return asdict(mute) | {"until": iso(mute.until)}
