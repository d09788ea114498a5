"""The server in numbers, for Prometheus.

What happens is counted where it happens, in the memory of this process. What the database knows is
counted when somebody asks: the same on every server that shares it, and free of charge until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from nanwatch_monitor.intake import Intake
from nanwatch_monitor.live import Hub
from nanwatch_monitor.store.receipts import Receipt
from nanwatch_monitor.views import RunViews
from nanwatch_monitor.watch import Watch


class Metrics:
    """What this process has done since its start, in a registry of its own.

    Attributes:
        registry: everything that is told.
        ingest_seconds: how long requests took from their last byte to their commit or refusal.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.ingest_seconds = Histogram(
            "nanwatch_ingest_seconds", "Storing the frames of one request.", registry=self.registry
        )
        self._frames = self._counter("frames_stored", "Frames that were stored.")
        self._points = self._counter("points_stored", "Values of series that were stored.")
        self._duplicates = self._counter("frames_duplicate", "Frames that were known already.")
        self._refused = self._counter("requests_refused", "Requests refused.", "status")
        ProcessCollector(registry=self.registry)

    def stored(self, receipt: Receipt) -> None:
        """A request was stored."""
        self._frames.inc(len(receipt.fresh))
        self._points.inc(sum([frame.n_points for frame in receipt.fresh]))
        self._duplicates.inc(receipt.duplicates)

    def refused(self, status: int) -> None:
        """A request was refused with an HTTP status."""
        self._refused.labels(str(status)).inc()

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"nanwatch_{name}", help_text, labels, registry=self.registry)


class Gauges(Collector):
    """How things stand at the moment of asking.

    Args:
        clock: seconds since 1970.
    """

    def __init__(
        self,
        views: RunViews,
        watch: Watch,
        intake: Intake,
        hub: Hub,
        clock: Callable[[], float],
    ) -> None:
        self._views, self._watch, self._hub, self._clock = views, watch, hub, clock
        self._intake = intake

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Look. Without the database its numbers are missing and the others are there."""
        try:
            stored = list(self._in_database())
        except SQLAlchemyError:
            stored = []
        yield _gauge("database_up", "Whether the database answers.", bool(stored))
        yield _gauge("viewers", "Streams of live events that are open.", self._hub.viewers)
        yield _gauge("ingest_fill", "Room that what waits to be stored takes.", self._intake.fill)
        yield from stored

    def _in_database(self) -> Iterable[GaugeMetricFamily]:
        store = self._views.store
        states = self._views.counts(self._clock())
        yield _gauges("runs", "Runs.", "state", states)
        severities = store.incidents.counts()
        yield _gauges("incidents_open", "Open incidents.", "severity", severities)
        yield _gauge("watch_backlog_frames", "Frames not judged yet.", self._watch.backlog())
        alerts = store.outbox.counts()
        yield _gauges("alerts", "Alerts that have not arrived.", "state", alerts)
        lag_s = store.outbox.lag_s(self._clock())
        yield _gauge("alert_lag_seconds", "How long the most overdue alert is due.", lag_s)


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"nanwatch_{name}", help_text, value)


def _gauges(name: str, help_text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"nanwatch_{name}", help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
