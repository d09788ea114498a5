"""The running parts of one server, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from nanwatch_monitor.activity import Activity
from nanwatch_monitor.alerts.alerting import Alerting
from nanwatch_monitor.announce import Announcer
from nanwatch_monitor.doorkeeper import Doorkeeper
from nanwatch_monitor.intake import Intake
from nanwatch_monitor.keeper import Keeper
from nanwatch_monitor.keys import Keys
from nanwatch_monitor.live import Hub
from nanwatch_monitor.metrics import Metrics
from nanwatch_monitor.peers import Peers
from nanwatch_monitor.run_news import RunNews
from nanwatch_monitor.series.frame_cache import FrameCache
from nanwatch_monitor.store import Store
from nanwatch_monitor.views import RunViews
from nanwatch_monitor.watch import Watch


@dataclass(frozen=True)
class Monitor:
    """The running parts.

    Attributes:
        instance: random; tells this process from any other.
        peers: None when no other server can share the database.
    """

    instance: str
    store: Store
    views: RunViews
    hub: Hub
    news: RunNews
    announcer: Announcer
    intake: Intake
    cache: FrameCache
    watch: Watch
    alerting: Alerting
    peers: Peers | None
    activity: Activity
    metrics: Metrics
    keys: Keys
    doorkeeper: Doorkeeper
    keeper: Keeper

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Start the workers; at the end stop them and close the store."""
        self.hub.attach(asyncio.get_running_loop())
        self.intake.start()
        self.watch.start()
        if self.peers is not None:
            self.peers.start()
        self.alerting.start(self.trouble)
        works = (self.news.run, self.doorkeeper.run, self.keeper.run)
        tasks = [asyncio.create_task(work()) for work in works]
        yield
        self.hub.close()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await run_in_threadpool(self._stop)

    def trouble(self) -> str | None:
        """Why this server cannot do its work; None when it can. Writes to the database."""
        if not self.intake.works:
            return "storing has stopped"
        if not self.watch.works:
            return "judging has stopped"
        if not self.alerting.works:
            return "alerting has stopped"
        return self.store.trouble()

    def _stop(self) -> None:
        self.intake.stop()
        if self.peers is not None:
            self.peers.stop()
        self.alerting.stop()
        self.watch.stop()
        with suppress(SQLAlchemyError):  # when a token was used last is worth no trouble
            self.keys.note_use()
        self.store.close()
