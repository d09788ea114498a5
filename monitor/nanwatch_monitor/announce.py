"""What follows a commit: open pages hear of it, here and at the other servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nanwatch.events import Points, RunEnded, RunStarted
from nanwatch_monitor.incidents import SILENCES, Incident, is_alert
from nanwatch_monitor.live import Hub
from nanwatch_monitor.postbag import Postbag
from nanwatch_monitor.run_news import RunNews
from nanwatch_monitor.store.receipts import Receipt
from nanwatch_monitor.views import alert_view, diagnosis_view, points_view


@dataclass(frozen=True)
class Pages:
    """The pages that are open at this server."""

    hub: Hub
    news: RunNews

    def frames(self, run_id: str, receipt: Receipt) -> None:
        """New frames of a run were committed."""
        said = [event for frame in receipt.fresh for event in frame.events]
        turns = any(isinstance(event, RunStarted | RunEnded) for event in said)
        self.news.heard(run_id, urgent=turns)
        self.points(run_id, [event for event in said if isinstance(event, Points)])

    def points(self, run_id: str, blocks: Sequence[Points]) -> None:
        """New points of a run, for those who look at it."""
        if blocks:
            self.hub.publish_points(run_id, partial(points_view, run_id, blocks))

    def incidents(self, incidents: Sequence[Incident]) -> None:
        """Incidents were opened, or are better understood."""
        for incident in incidents:
            if incident.diagnosis.symptom in SILENCES:
                continue
            self.news.heard(incident.run_id, urgent=True)
            self.hub.publish("diagnosis", incident.run_id, partial(diagnosis_view, incident))
        self.alerts(incidents)

    def alerts(self, incidents: Sequence[Incident]) -> None:
        """Alerts are new, or people or time have changed them."""
        for incident in filter(lambda one: is_alert(one.diagnosis), incidents):
            self.hub.publish("alert", incident.run_id, partial(alert_view, incident))

    def channel(self, channel_id: str) -> None:
        """A channel was set up, changed or removed, begins to fail, or works again."""
        self.hub.publish("channel", "", lambda: {"id": channel_id})

    def edited(self, run_id: str) -> None:
        """Somebody renamed, tagged, pinned or noted a run."""
        self.news.heard(run_id, urgent=True)

    def deleted(self, run_id: str) -> None:
        """A run was deleted: lists drop it, and its own page comes back to find it gone."""
        self.hub.publish("deleted", run_id, lambda: {"id": run_id})
        self.hub.send_back(run_id)


@dataclass(frozen=True)
class Announcer:
    """Tells the pages here, and the other servers for theirs.

    Args:
        postbag: None when no other server can share the database.
    """

    pages: Pages
    postbag: Postbag | None

    def frames(self, run_id: str, receipt: Receipt) -> None:
        """New frames of a run were committed."""
        self.pages.frames(run_id, receipt)
        if self.postbag is not None:
            self.postbag.frames(run_id, receipt)

    def incidents(self, incidents: Sequence[Incident]) -> None:
        """Incidents were opened, or are better understood."""
        self.pages.incidents(incidents)
        if self.postbag is not None:
            self.postbag.incidents(incidents)

    def edited(self, run_id: str) -> None:
        """Somebody renamed, tagged, pinned or noted a run."""
        self.pages.edited(run_id)
        if self.postbag is not None:
            self.postbag.edited(run_id)

    def alerts(self, incidents: Sequence[Incident]) -> None:
        """People or time have changed alerts."""
        self.pages.alerts(incidents)
        if self.postbag is not None:
            self.postbag.incidents(incidents)

    def channel(self, channel_id: str) -> None:
        """A channel was set up, changed or removed, begins to fail, or works again."""
        self.pages.channel(channel_id)
        if self.postbag is not None:
            self.postbag.channel(channel_id)

    def deleted(self, run_id: str) -> None:
        """A run was deleted."""
        self.pages.deleted(run_id)
        if self.postbag is not None:
            self.postbag.deleted(run_id)
