"""One thread that commits: whatever waits goes into one transaction, and is answered after it.

A commit to the disk costs more than the rest of a request, so under load many share one; those of
quiet runs share the first. What waits is bounded; who finds no room is told when to come again.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from nanwatch_monitor.room import Room
from nanwatch_monitor.store.appending import Appending
from nanwatch_monitor.store.log import BatchLog
from nanwatch_monitor.store.receipts import LogError, Receipt

PACE_S, SLOWEST_PACE_S = 0.2, 2.0
SOONEST_S, LATEST_S = 1, 30

log = logging.getLogger(__name__)


class BusyError(Exception):
    """No room for a request; nothing of it was stored.

    Attributes:
        retry_s: after how many seconds to try again.
    """

    def __init__(self, retry_s: int) -> None:
        super().__init__("more is waiting to be stored than is kept in memory")
        self.retry_s = retry_s


@dataclass(frozen=True, eq=False)
class _Waiting:
    request: Appending
    told: Future[Receipt] = field(default_factory=Future)


class Intake:
    """Stores requests, many at a time.

    Args:
        followers: called with the run's id when new frames of it were committed and answered.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        batch_log: BatchLog,
        followers: Sequence[Callable[[str, Receipt], None]],
        clock: Callable[[], float],
        room: Room | None = None,
    ) -> None:
        self._log, self._followers, self._clock = batch_log, followers, clock
        self._room = room or Room()
        self._waiting: list[_Waiting] = []
        self._refused = 0  # since there was room for all
        self._news = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="nanwatch-intake", daemon=True)

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    @property
    def works(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Commit what waits, and leave."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def fill(self) -> float:
        """How much of the room what waits takes: 0 is none of it, at 1 others are turned away."""
        return self._room.taken

    @property
    def pace_s(self) -> float:
        """How often a client should send: the fuller the room, the larger the requests may be."""
        return PACE_S + min(1.0, self._room.taken) * (SLOWEST_PACE_S - PACE_S)

    def submit(self, request: Appending) -> Future[Receipt]:
        """Have a request stored. Raises BusyError.

        Returns:
            The receipt after the commit; or a LogError, or the database's error.
        """
        size = sum([len(raw) for _, raw in request.frames])
        points = sum([frame.n_points for frame, _ in request.frames])
        with self._news:
            if not self._room.enter(request.run_id, points, size, request.sender):
                self._refused += 1
                latest = min(LATEST_S, SOONEST_S + self._refused)
                raise BusyError(random.randint(SOONEST_S, latest))  # noqa: S311 - spreads, no secret
            waiting = _Waiting(request)
            self._waiting.append(waiting)
            self._news.notify()
        return waiting.told

    def _work(self) -> None:
        while groups := self._all_that_waits():
            for waiting in groups:
                self._commit([one for one in waiting if one.told.set_running_or_notify_cancel()])

    def _all_that_waits(self) -> list[list[_Waiting]]:
        """What goes into a transaction each: quiet runs don't wait for what loud ones have to say.

        Empty when it is time to leave.
        """
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._stopping)
            waiting, self._waiting, self._refused = self._waiting, [], 0
            loud = self._room.loud
            self._room.clear()
        groups = [
            [one for one in waiting if (one.request.run_id in loud) is is_loud]
            for is_loud in (False, True)
        ]
        return [group for group in groups if group]

    def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            told = self._log.append_all([one.request for one in group], self._clock())
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self._fail(group, error)
            return
        for one, said in zip(group, told, strict=True):
            if isinstance(said, LogError):
                one.told.set_exception(said)
            else:
                one.told.set_result(said)
        for one, said in zip(group, told, strict=True):
            if isinstance(said, Receipt) and said.fresh:
                self._tell(one.request.run_id, said)

    def _fail(self, group: Sequence[_Waiting], error: Exception) -> None:
        """One request alone may be what the database cannot take; it must not block the others."""
        if len(group) == 1 or isinstance(error, OperationalError):
            for one in group:
                one.told.set_exception(error)
            return
        for one in group:
            self._commit([one])

    def _tell(self, run_id: str, receipt: Receipt) -> None:
        try:
            for follow in self._followers:
                follow(run_id, receipt)
        except Exception:  # the frames are stored; who follows finds them by looking around
            log.exception("what follows a commit failed")
