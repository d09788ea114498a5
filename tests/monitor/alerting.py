"""Runs that go wrong, channels and a delivery that is called by hand, for tests of alerts."""

import itertools

from frames import opening
from nanwatch import wire
from nanwatch.events import Cause, Diagnosis, Evidence, Fix
from nanwatch_monitor.alerts.channels import Channels, Reach
from nanwatch_monitor.alerts.delivery import Delivery
from nanwatch_monitor.alerts.settings import ChannelSettings
from nanwatch_monitor.incidents import Finding

LOOPBACK = ("127.0.0.0/8",)
CAUSE = Cause(
    "nan_in_features",
    0.9,
    "Two rows of the input hold NaN.",
    evidence=(Evidence("NaN in the batch", "2 of 32 rows", "0"),),
    where={"epoch": 1, "batch": 4, "input": "age", "rows": [3, 17]},
    fix=Fix("Drop the rows.", "x = x[ok]"),
)


def diagnosis(label="nan_in_features", symptom="nan_loss", severity="critical"):
    return Diagnosis(symptom, severity, 7, (CAUSE, Cause(label, 0.05, "Or that.")))


class Runs:
    """Makes runs in a store and lets them go wrong."""

    def __init__(self, store, clock):
        self._store, self._clock, self._numbers = store, clock, itertools.count()
        self._streams, self._seen = {}, {}

    def fails(self, run_id="run1", project="zoo", symptom="nan_loss", severity="critical"):
        """Record a finding of a run, as the watch does it; the id of the incident.

        What it ends beside itself has a lower one.
        """
        if run_id not in self._streams:
            first = opening(run_id, f"s-{run_id}", f"name of {run_id}", project)
            taken = self._store.log.append([(first, wire.encode(first))], self._clock())
            self._streams[run_id], self._seen[run_id] = taken.stream_id, -1
        seen = (self._seen[run_id], self._seen[run_id] + 1)
        self._seen[run_id] += 1
        finding = Finding(diagnosis(symptom=symptom, severity=severity), "server")
        found = self._store.incidents.record(self._streams[run_id], seen, [finding], self._clock())
        return found[-1].id if found else None


class Post:
    """A delivery over channels of a test, called by hand."""

    def __init__(self, store, clock, *channels, smtp=None, allowed=LOOPBACK):
        reach = Reach("http://here", allowed, smtp)
        self.channels = Channels(store.channels, channels, reach)
        self.told, self.troubled = [], []
        parts = (self.told.extend, self.troubled.append, clock)
        self.delivery = Delivery(store.outbox, self.channels, *parts)
        self._clock = clock

    def goes(self, seconds=0.0, step=1.0):
        """Deliver what is due, now and every second of the next ones."""
        end = self._clock.now + seconds
        self.delivery.deliver_due()
        while self._clock.now < end:
            self._clock.now += step
            self.delivery.deliver_due()


def webhook(url, key="env-webhook", secret=None):
    return ChannelSettings(key, "webhook", key, url, secret, source="environment")
