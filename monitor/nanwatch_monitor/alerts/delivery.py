"""Empties the outbox: every message is delivered at least once, or given up with its reason."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from nanwatch_monitor.alerts.channel import Channel, DeliveryError
from nanwatch_monitor.store.outbox import Message, OutboxStore

POLL_S = 0.5
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 600.0
LEAVE_WITHIN_S = 2.0
GIVE_UP_AFTER_S = 24 * 3600.0

log = logging.getLogger(__name__)


class Delivery:
    """A thread that sends what is due.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, outbox: OutboxStore, channel: Channel, clock: Callable[[], float]) -> None:
        self._outbox, self._channel, self._clock = outbox, channel, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nanwatch-alerts", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the message at hand, unless its receiver is slow, and leave.

        What is not known to have arrived waits in the outbox and is sent under the same id.
        """
        self._stopping.set()
        self._thread.join(LEAVE_WITHIN_S)

    def deliver_due(self) -> None:
        """Send everything that is due now."""
        while not self._stopping.is_set():
            message = self._outbox.claim(self._clock())
            if message is None:
                return
            self._deliver(message)

    def _work(self) -> None:
        while not self._stopping.wait(POLL_S):
            try:
                self.deliver_due()
            except SQLAlchemyError as error:
                log.warning("alerts wait for the database: %s", type(error).__name__)

    def _deliver(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except DeliveryError as error:
            self._put_off(message, error)
        else:
            self._outbox.sent(message)

    def _put_off(self, message: Message, error: DeliveryError) -> None:
        now = self._clock()
        log.warning("alert %s, attempt %d: %s", message.message_id, message.attempts, error)
        if error.permanent or now - message.created_at > GIVE_UP_AFTER_S:
            self._outbox.fail(message, str(error))
        else:
            self._outbox.retry(message, now + wait_before(message.attempts + 1), str(error))


def wait_before(attempt: int) -> float:
    """Seconds before the next attempt: doubling, with jitter, so that many do not come at once."""
    longest = min(FIRST_WAIT_S * 2.0 ** min(attempt - 2, 20), LONGEST_WAIT_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
