"""Closes live streams whose token or session is over, and writes down when tokens were used."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from nanwatch_monitor.keys import Keys
from nanwatch_monitor.live import Hub

PACE_S = 0.5  # a revoked token's stream is closed within a second
_NOTES_EVERY = 20  # looks

log = logging.getLogger(__name__)


class Doorkeeper:
    """Looks twice a second whether those who are inside may still be."""

    def __init__(self, keys: Keys, hub: Hub) -> None:
        self._keys, self._hub = keys, hub

    async def run(self) -> None:
        """Look until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(PACE_S)
            looks += 1
            try:
                await self._look()
                if looks % _NOTES_EVERY == 0:
                    await run_in_threadpool(self._keys.note_use)
            except SQLAlchemyError as error:  # nothing can be revoked either
                log.warning("live streams are not checked: %s", type(error).__name__)

    async def _look(self) -> None:
        inside = self._hub.keys()
        if inside:
            self._hub.show_out(await run_in_threadpool(self._keys.gone, inside))
