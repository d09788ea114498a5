"""Thins and deletes old runs, once an hour, as somebody has decided."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from nanwatch_monitor.store import Store
from nanwatch_monitor.store.audit import Entry

EVERY_S = 3600.0
FIRST_S = 60.0  # a server that starts has better things to do

log = logging.getLogger(__name__)


class Keeper:
    """Keeps to the rule of retention. Several servers may do so at once.

    Args:
        thin: removes the exact points of a run.
        deleted: called with the id of each run that was deleted.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        thin: Callable[[str, float], object],
        deleted: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._store, self._thin, self._deleted, self._clock = store, thin, deleted, clock

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await run_in_threadpool(self.tidy)
            except SQLAlchemyError as error:
                log.warning("old runs wait for the database: %s", type(error).__name__)
            await asyncio.sleep(EVERY_S)

    def tidy(self) -> None:
        """Delete and thin what is old enough, and give its space back."""
        store, now, rule = self._store, self._clock(), self._store.retention.rule()
        old, aged = rule.delete_after_days, rule.thin_after_days
        gone = store.retention.to_delete(old, now) if old is not None else []
        for run_id in gone:
            if store.housekeeping.delete(run_id, now):
                log.warning("run %s was deleted after %d days", run_id, old)
                self._write_down("runs.delete", run_id)
                self._deleted(run_id)
        thin = store.retention.to_thin(aged, now) if aged is not None else []
        for run_id in thin:
            self._thin(run_id, now)
            self._write_down("runs.thin", run_id)
        if gone or thin:
            store.housekeeping.give_back_space()

    def _write_down(self, action: str, run_id: str) -> None:
        """Add to the audit."""
        self._store.audit.record(Entry(self._clock(), "the rule of retention", action, run_id))
