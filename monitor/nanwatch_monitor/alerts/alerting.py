"""The parts that tell people, started and stopped together."""

from __future__ import annotations

from dataclasses import dataclass

from nanwatch_monitor.alerts.channels import Channels
from nanwatch_monitor.alerts.delivery import Delivery
from nanwatch_monitor.alerts.upkeep import Upkeep


@dataclass(frozen=True)
class Alerting:
    """The parts.

    Attributes:
        channels: where alerts go.
        delivery: empties the outbox.
        upkeep: looks after what time alone changes.
    """

    channels: Channels
    delivery: Delivery
    upkeep: Upkeep

    def start(self) -> None:
        """Begin."""
        self.delivery.start()
        self.upkeep.start()

    def stop(self) -> None:
        """Leave; what was not sent waits in the outbox."""
        self.delivery.stop()
        self.upkeep.stop()
