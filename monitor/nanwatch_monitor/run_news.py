"""Tells viewers how the runs are doing: at once when one begins or changes its state, and about
once a second while it advances. Silence is noticed as well: it turns a run stale, then lost.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Callable, Iterable

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from nanwatch_monitor.live import Hub
from nanwatch_monitor.run_record import Run
from nanwatch_monitor.run_states import LIVING, LOST_AFTER_S, state_of
from nanwatch_monitor.run_turns import Turns, log_turn
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.runs import RunQuery
from nanwatch_monitor.views import RunViews

PACE_S = 1.0
MAX_RECALLED = 1000

log = logging.getLogger(__name__)


class RunNews:
    """Collects which runs have changed and announces them.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, store: Store, views: RunViews, hub: Hub, clock: Callable[[], float]) -> None:
        self._store, self._views, self._hub, self._clock = store, views, hub, clock
        self._turns = Turns()
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._living: dict[str, tuple[Run, str]] = {}
        self._urgent = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def heard(self, run_id: str, urgent: bool) -> None:
        """A run has changed; `urgent` is not to wait for the next second. From any thread."""
        with self._lock:
            self._changed.add(run_id)
        if urgent and self._loop is not None:
            self._loop.call_soon_threadsafe(self._urgent.set)

    async def run(self) -> None:
        """Announce until cancelled."""
        self._loop = asyncio.get_running_loop()
        await run_in_threadpool(self._recall)
        while True:
            try:
                async with asyncio.timeout(PACE_S):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            if self._changed or self._living:
                await run_in_threadpool(self._try_to_announce)

    def _recall(self) -> None:
        """Think of the runs that lived when the server stopped: they may be silent for good."""
        lost = self._views.deaf.moment_before(self._clock(), LOST_AFTER_S)
        living = RunQuery(end_state="", seen=(lost, math.inf), limit=MAX_RECALLED)
        try:
            for run in self._store.runs.list(living):
                self.heard(run.id, urgent=False)
        except SQLAlchemyError as error:
            log.warning("nothing is known of earlier runs: %s", type(error).__name__)

    def _try_to_announce(self) -> None:
        try:
            self.announce()
        except SQLAlchemyError as error:
            log.warning("news wait for the database: %s", type(error).__name__)

    def announce(self) -> None:
        """Publish what has changed since the last time."""
        now = self._clock()
        with self._lock:
            changed, self._changed = self._changed, set()
        changed.update(self._fallen_silent(now))
        if not changed:
            return
        try:
            found = self._store.runs.some(sorted(changed))
            for deleted in changed.difference(run.id for run in found):
                self._living.pop(deleted, None)
            self._publish(found, now)
        except SQLAlchemyError:
            with self._lock:
                self._changed |= changed
            raise

    def _fallen_silent(self, now: float) -> Iterable[str]:
        for run_id, (run, announced) in self._living.items():
            if state_of(run.progress, now, self._views.deaf) != announced:
                yield run_id

    def _publish(self, runs: Iterable[Run], now: float) -> None:
        runs = list(runs)
        for run, view in zip(runs, self._views.many(runs, now), strict=True):
            self._living[run.id] = (run, view["state"])
            if view["state"] not in LIVING:
                del self._living[run.id]
            self._hub.publish("run", run.id, view.copy)
            if turn := self._turns.of(run, view["state"]):
                log_turn(turn)
