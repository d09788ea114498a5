"""What follows a commit: open pages hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from nanwatch.events import Points, RunEnded, RunStarted
from nanwatch_monitor.incidents import Incident, is_alert
from nanwatch_monitor.live import Hub
from nanwatch_monitor.run_news import RunNews
from nanwatch_monitor.store.log import Receipt
from nanwatch_monitor.views import alert_view, diagnosis_view, points_view


def announce_frames(hub: Hub, news: RunNews, run_id: str, receipt: Receipt) -> None:
    """New frames of a run were committed."""
    said = [event for frame in receipt.fresh for event in frame.events]
    blocks = [event for event in said if isinstance(event, Points)]
    turns = any(isinstance(event, RunStarted | RunEnded) for event in said)
    news.heard(run_id, urgent=turns)
    if blocks:
        hub.publish_points(run_id, partial(points_view, run_id, blocks))


def announce_incidents(hub: Hub, news: RunNews, incidents: Sequence[Incident]) -> None:
    """Incidents were opened, or are better understood."""
    for incident in incidents:
        news.heard(incident.run_id, urgent=True)
        hub.publish("diagnosis", incident.run_id, partial(diagnosis_view, incident))
        if is_alert(incident.diagnosis):
            hub.publish("alert", incident.run_id, partial(alert_view, incident))
