"""The sign of life: an address is asked for once a minute, as long as the server can do its work.

Who listens there (healthchecks.io, Uptime Kuma, a dead man's switch of one's own) raises the alarm
when it stays away: a server that is dead cannot say so itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.alerts.post import ping

EVERY_S = 60.0
LOOK_S = 1.0

log = logging.getLogger(__name__)


class Heartbeat:
    """A thread that asks for the address.

    Args:
        url: where to; it may hold a secret. None: nobody listens.
        allowed: see `targets.checked`.
        clock: seconds since 1970.
    """

    def __init__(
        self, url: str | None, allowed: tuple[str, ...], clock: Callable[[], float]
    ) -> None:
        self._url, self._allowed, self._clock = url, allowed, clock
        self._beat_at = float("-inf")
        self._failing = ""
        self._stopping = threading.Event()

    def start(self, trouble: Callable[[], str | None]) -> None:
        """Begin.

        Args:
            trouble: says why the server cannot do its work, or None.
        """
        if self._url is not None:
            working = threading.Thread(target=self._work, args=(trouble,), daemon=True)
            working.name = "nanwatch-heartbeat"
            working.start()

    def stop(self) -> None:
        """Leave; a receiver that hangs is not waited for."""
        self._stopping.set()

    def look(self, trouble: Callable[[], str | None]) -> None:
        """Give the sign when it is due and true. What keeps it from going out is logged once."""
        now = self._clock()
        if self._url is None or abs(now - self._beat_at) < EVERY_S:
            return
        self._beat_at = now
        self._note(trouble() or self._beat(self._url))

    def _work(self, trouble: Callable[[], str | None]) -> None:
        while not self._stopping.wait(LOOK_S):
            self.look(trouble)

    def _beat(self, url: str) -> str:
        """Ask for the address; why it did not work, or nothing."""
        try:
            ping(url, self._allowed)
        except DeliveryError as error:
            return str(error)
        return ""

    def _note(self, why: str) -> None:
        if why and why != self._failing:
            log.warning("no sign of life goes out: %s", why)
        elif self._failing and not why:
            log.warning("signs of life go out again")
        self._failing = why
