"""The parts that tell people, started and stopped together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nanwatch_monitor.alerts.channels import Channels
from nanwatch_monitor.alerts.delivery import Delivery
from nanwatch_monitor.alerts.heartbeat import Heartbeat
from nanwatch_monitor.alerts.upkeep import Upkeep


@dataclass(frozen=True)
class Alerting:
    """The parts.

    Attributes:
        channels: where alerts go.
        delivery: empties the outbox.
        upkeep: looks after what time alone changes.
        heartbeat: tells the outside that all of it works.
    """

    channels: Channels
    delivery: Delivery
    upkeep: Upkeep
    heartbeat: Heartbeat

    @property
    def works(self) -> bool:
        """Whether alerts are told."""
        return self.delivery.works and self.upkeep.works

    def start(self, trouble: Callable[[], str | None]) -> None:
        """Begin.

        Args:
            trouble: says why the server cannot do its work, or None.
        """
        self.delivery.start()
        self.upkeep.start()
        self.heartbeat.start(trouble)

    def stop(self) -> None:
        """Leave; what was not sent waits in the outbox."""
        self.heartbeat.stop()
        self.delivery.stop()
        self.upkeep.stop()
