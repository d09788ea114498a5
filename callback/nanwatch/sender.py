"""The thread that brings a stream to its server, however long that takes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from nanwatch.breaker import Breaker, breaker_of
from nanwatch.delivery import (
    BATCH_BYTES,
    Advanced,
    Again,
    Deleted,
    Delivery,
    Idle,
    Outcome,
    Refused,
    Retry,
    SetAside,
)
from nanwatch.local_monitor import START_TIMEOUT_S, MonitorUnavailableError
from nanwatch.spool import Stream
from nanwatch.transport import Endpoint, Link

FIRST_RETRY_S, LAST_RETRY_S = 0.2, 30.0
IDLE_S = 0.2
LOOK_AGAIN_S = 30.0
STARTING_GRACE_S = 10.0
LAST_TRY_S = 0.5
REVIVALS = 3
QUIET_S = 60.0
REASSURANCE = "the training goes on, all is kept on disk and sent later"


class Server(Protocol):
    """Something that knows where the server is: a NamedServer or the LocalMonitor."""

    def find(self) -> Endpoint | None:
        """The server, or None while it is not there."""

    def find_or_start(self, timeout_s: float, pause: Callable[[float], None]) -> Endpoint:
        """The server, started when need be. Raises MonitorUnavailableError."""

    def has_died(self) -> bool:
        """Whether it was there and went without a word."""


class Backoff:
    """How long to wait after so many failures: full jitter, 0.2 s doubling to 30 s."""

    def __init__(self, draw: Callable[[float, float], float] = random.uniform) -> None:
        self.failures = 0
        self._draw = draw

    def next(self, asked_s: float | None) -> float:
        """Seconds to wait; never less than the server asked for."""
        longest = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self.failures, 20))
        self.failures += 1
        return (asked_s or 0.0) + self._draw(0.0, longest)


class _StoppedError(Exception):
    """The sender was told to stop while it waited."""


class Sender:
    """Delivers a stream in a daemon thread: one request in flight, frames in order.

    Args:
        say: takes one line for the terminal.
        on_first_delivery: called once, in the sender's thread, when the server knows the run.
    """

    def __init__(
        self,
        stream: Stream,
        server: Server,
        say: Callable[[str], None],
        on_first_delivery: Callable[[Link], None],
    ) -> None:
        self.endpoint: Endpoint | None = None
        self._stream = stream
        self._server = server
        self._say = say
        self._on_first_delivery: Callable[[Link], None] | None = on_first_delivery
        self._thread = threading.Thread(target=self._run, name="nanwatch-sender", daemon=True)
        self._bell = threading.Event()
        self._connecting = True
        self._closing = False
        self._hurry = False
        self._leaving_at = float("inf")
        self._stopped = False
        self._backoff = Backoff()
        self._in_outage = False
        self._silent_until = 0.0
        self._told_of_deletion = False
        self._revivals = 0

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def wake(self) -> None:
        """Something urgent was appended: do not rest."""
        self._bell.set()

    def finish(self, timeout_s: float) -> None:
        """Wait until all is delivered, at most `timeout_s`, then stop.

        A server that takes nothing is tried once more, one that leaves its callers without an
        answer for half a second only. A local monitor that is still being started gets up to 10 s
        more to come up.
        """
        began = time.monotonic()
        deadline, latest = began + timeout_s, began + timeout_s + STARTING_GRACE_S
        self._leaving_at = deadline
        self._closing = self._hurry = True
        self._bell.set()
        while self._thread.is_alive() and time.monotonic() < deadline:
            if self._connecting:
                deadline = min(time.monotonic() + timeout_s, latest)
            elif self._breaker.is_silent:
                deadline = min(deadline, began + LAST_TRY_S)
            self._thread.join(min(0.05, timeout_s))
        self._stopped = True
        self._bell.set()

    def _run(self) -> None:
        try:
            self._deliver(self._connect())
        except _StoppedError:
            return
        except Exception as error:  # noqa: BLE001 - a thread's door: nothing may reach the training
            self._say(
                f"sending stopped ({type(error).__name__}: {error}); "
                f"all is kept on disk for `nanwatch sync`"
            )

    def _connect(self) -> Endpoint:
        try:
            found = self._server.find_or_start(START_TIMEOUT_S, self._pause)
        except MonitorUnavailableError as error:
            self._say(f"{error} Until then this run is recorded on disk only.")
            self._connecting = False
            found = self._look_again()
        self._connecting = False
        self.endpoint = found
        return found

    def _look_again(self) -> Endpoint:
        """Wait until somebody else has started a monitor."""
        while (found := self._server.find()) is None:
            if self._closing:
                raise _StoppedError
            self._wait(LOOK_AGAIN_S, lambda: self._closing)
        return found

    def _deliver(self, endpoint: Endpoint) -> None:
        delivery = Delivery(self._stream, Link(endpoint))
        try:
            while not self._stopped:
                closing = self._closing  # before the step: what came with it must still go out
                outcome = self._step(delivery)
                if isinstance(outcome, Refused) or (isinstance(outcome, Idle) and closing):
                    return
                self._follow(outcome, delivery, closing)
        finally:
            delivery.link.close()

    def _step(self, delivery: Delivery) -> Outcome:
        self._breaker.asked()
        try:
            outcome = delivery.step()
        except OSError as error:
            outcome = Retry(f"the spool cannot be read: {error}")
        self._breaker.over(None if isinstance(outcome, Idle) else not isinstance(outcome, Retry))
        if isinstance(outcome, Refused):
            words = f"{outcome.why}; nothing more is sent, all is kept on disk. {outcome.how}"
            self._say(words.rstrip())
        return outcome

    def _follow(self, outcome: Outcome, delivery: Delivery, closing: bool) -> None:
        """Do what an outcome asks for: go on, rest, or wait and look for the server again."""
        match outcome:
            case Advanced(_, n_bytes, pause_s):
                self._succeeded(delivery.link)
                if n_bytes < BATCH_BYTES // 2 and not self._closing:
                    self._rest(pause_s)
            case SetAside(folder, why):
                self._say(f"the server refuses some points ({why}); they are kept in {folder}")
            case Retry(why, after_s):
                self._failed(why, delivery.link.endpoint)
                if not self._follow_the_server(delivery):
                    self._wait_to_retry(after_s, closing)
            case Deleted():
                self._tell_of_deletion()
                self._rest(IDLE_S)
            case Idle():
                self._rest(IDLE_S)
            case Again() | Refused():
                return

    def _succeeded(self, link: Link) -> None:
        if self._on_first_delivery is not None:
            first, self._on_first_delivery = self._on_first_delivery, None
            first(link)
        if self._in_outage:
            self._in_outage = False
            self._say(f"{link.endpoint.url} is back; what had to wait is being sent")
        self._backoff.failures = 0

    def _tell_of_deletion(self) -> None:
        if not self._told_of_deletion:
            self._told_of_deletion = True
            self._say("the run was deleted on the server; the training goes on, unrecorded")

    def _failed(self, why: str, endpoint: Endpoint) -> None:
        # One failure is nothing: a connection that the server closed just now looks like this.
        now = time.monotonic()
        if self._in_outage or self._backoff.failures == 0 or now < self._silent_until:
            return
        self._in_outage, self._silent_until = True, now + QUIET_S
        self._say(f"{endpoint.url} takes nothing at the moment ({why}); {REASSURANCE}")

    @property
    def _breaker(self) -> Breaker:
        return breaker_of(self.endpoint.url if self.endpoint else "")

    def _follow_the_server(self, delivery: Delivery) -> bool:
        """A local monitor that was started anew listens elsewhere; one that died is started."""
        if not delivery.link.endpoint.local:
            return False
        found = self._server.find() or self._revived()
        if found is None or found == delivery.link.endpoint:
            return False
        delivery.link.close()
        delivery.link = Link(found)
        self.endpoint = found
        return True

    def _revived(self) -> Endpoint | None:
        """The local monitor started anew; None when its user ended it, or it dies every time."""
        if self._closing or self._revivals >= REVIVALS or not self._server.has_died():
            return None
        self._revivals += 1
        try:
            return self._server.find_or_start(START_TIMEOUT_S, self._pause)
        except MonitorUnavailableError as error:
            self._say(f"{error} Until then this run is recorded on disk only.")
            return None

    def _wait_to_retry(self, asked_s: float | None, closing: bool) -> None:
        not_before = time.monotonic() + (asked_s or 0.0)
        if closing and self._breaker.is_open:
            raise _StoppedError  # that was the last try
        self._leave_unless_in_time(not_before)
        self._wait(self._backoff.next(asked_s), lambda: self._hurry)
        if self._hurry:  # the end of a run is worth a try, though not one that the server forbids
            self._hurry, self._backoff.failures = False, 0
            self._leave_unless_in_time(not_before)
            self._pause(not_before - time.monotonic())

    def _leave_unless_in_time(self, not_before: float) -> None:
        if not_before > self._leaving_at:
            raise _StoppedError

    def _rest(self, seconds: float) -> None:
        """Wait until the time is over, something urgent is there, or the run ends."""
        self._wait(seconds, lambda: True)

    def _pause(self, seconds: float) -> None:
        """Wait until the time is over."""
        self._wait(seconds, lambda: False)

    def _wait(self, seconds: float, enough: Callable[[], bool]) -> None:
        """Wait, unless the bell rings and it is `enough`. Raises _StoppedError."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            rang = self._bell.wait(left)
            self._bell.clear()
            if self._stopped:
                raise _StoppedError
            if rang and enough():
                return
