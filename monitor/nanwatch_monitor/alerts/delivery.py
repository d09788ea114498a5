"""Empties the outbox: every message is delivered at least once, or given up with its reason.

Each channel has a thread while something is due for it, so that a receiver that hangs holds up no
other one. What this server finds is sent when it says so; what is gathered, tried again or was
left by another server comes up at the next beat.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from nanwatch_monitor.alerts.channel import Channel, DeliveryError
from nanwatch_monitor.alerts.channels import Channels, UnusableError
from nanwatch_monitor.alerts.settings import ChannelSettings
from nanwatch_monitor.store.outbox import TEST_PREFIX, Message, OutboxStore, Outcome

BEAT_S = 1.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 600.0
LEAVE_WITHIN_S = 2.0
GIVE_UP_AFTER_S = 24 * 3600.0
_LONGEST_ERROR = 300

log = logging.getLogger(__name__)


class Delivery:
    """Sends what is due, in the background.

    Args:
        told: called with the incidents that a message was about, whatever became of it.
        troubled: called when a channel begins to fail, or works again.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        outbox: OutboxStore,
        channels: Channels,
        told: Callable[[Sequence[int]], None],
        troubled: Callable[[ChannelSettings], None],
        clock: Callable[[], float],
    ) -> None:
        self._outbox, self._channels, self._clock = outbox, channels, clock
        self._told, self._troubled = told, troubled
        self._failing: set[str] = set()
        self._serving: dict[str, threading.Thread] = {}
        self._stopping, self._news = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="nanwatch-alerts", daemon=True)

    @property
    def works(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something new is to be told. From any thread."""
        self._news.set()

    def stop(self) -> None:
        """Finish the messages at hand, unless a receiver is slow, and leave.

        What is not known to have arrived waits in the outbox and is sent under the same id.
        """
        self._stopping.set()
        self._news.set()
        until = time.monotonic() + LEAVE_WITHIN_S
        for thread in (self._thread, *self._serving.values()):
            thread.join(max(0.0, until - time.monotonic()))

    def deliver_due(self) -> None:
        """Send everything that is due now, one channel after the other."""
        due, _ = self._outbox.due_channels(self._clock())
        for key in due:
            self._serve(key)

    def test(self, settings: ChannelSettings, channel: Channel) -> Outcome:
        """Send a test, once."""
        message = Message(f"{TEST_PREFIX}{random.getrandbits(64):016x}", settings.id, "test")
        outcome = self._tried(channel, message)
        self._outbox.finish(message, settings.kind, outcome)
        self._note(settings, outcome)
        return outcome

    def _work(self) -> None:
        wait_s = 0.0
        while not self._stopping.is_set():
            self._news.wait(wait_s)
            self._news.clear()
            try:
                wait_s = self._look()
            except SQLAlchemyError as error:
                log.warning("alerts wait for the database: %s", type(error).__name__)
                wait_s = BEAT_S

    def _look(self) -> float:
        """Have sent what is due; after how many seconds to look again."""
        now = self._clock()
        due, later = self._outbox.due_channels(now)
        for key in due:
            self._serve_beside(key)
        return min(BEAT_S, later - now)

    def _serve_beside(self, key: str) -> None:
        busy = self._serving.get(key)
        if busy is None or not busy.is_alive():
            name = f"nanwatch-alerts-{key}"
            serving = threading.Thread(target=self._try_to_serve, args=(key,), name=name)
            serving.daemon = True
            self._serving[key] = serving
            serving.start()

    def _try_to_serve(self, key: str) -> None:
        try:
            self._serve(key)
        except SQLAlchemyError as error:
            log.warning("alerts wait for the database: %s", type(error).__name__)

    def _serve(self, key: str) -> None:
        """Send what is due for a channel."""
        settings = self._channels.find(key)
        if settings is None:
            self._outbox.give_up(key, "there is no such channel any more")
            return
        try:
            channel = self._channels.open(settings)
        except UnusableError as error:
            self._outbox.give_up(key, str(error))
            return
        while not self._stopping.is_set():
            message = self._outbox.claim(key, self._clock())
            if message is None:
                return
            self._deliver(settings, channel, message)

    def _deliver(self, settings: ChannelSettings, channel: Channel, message: Message) -> None:
        outcome = self._tried(channel, message)
        if outcome.state != "sent":
            words = (settings.id, message.message_id, message.attempts, outcome.error)
            log.warning("channel %s, message %s, attempt %d: %s", *words)
        self._outbox.finish(message, settings.kind, outcome)
        self._told(message.incident_ids)
        self._note(settings, outcome)

    def _tried(self, channel: Channel, message: Message) -> Outcome:
        begin = time.monotonic()
        status, error = None, None
        try:
            status = channel.send(message)
        except DeliveryError as failure:
            status, error = failure.status, failure
        took_ms = round((time.monotonic() - begin) * 1000)
        return self._outcome(message, status, took_ms, error)

    def _outcome(
        self, message: Message, status: int | None, took_ms: int, error: DeliveryError | None
    ) -> Outcome:
        now = self._clock()
        if error is None:
            return Outcome(now, "sent", status, took_ms)
        words = str(error)[:_LONGEST_ERROR]
        old = message.telling != "test" and now - message.created_at > GIVE_UP_AFTER_S
        if error.permanent or old or message.telling == "test":
            return Outcome(now, "failed", status, took_ms, words)
        retry_at = now + max(wait_before(message.attempts + 1), error.retry_after_s)
        return Outcome(now, "retry", status, took_ms, words, retry_at)

    def _note(self, settings: ChannelSettings, outcome: Outcome) -> None:
        """Tell the pages when a channel begins to fail, or works again."""
        fails = outcome.state != "sent"
        if fails != (settings.id in self._failing):
            (self._failing.add if fails else self._failing.discard)(settings.id)
            self._troubled(settings)


def wait_before(attempt: int) -> float:
    """Seconds before the next attempt: doubling, with jitter, so that many do not come at once."""
    longest = min(FIRST_WAIT_S * 2.0 ** min(attempt - 2, 20), LONGEST_WAIT_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
