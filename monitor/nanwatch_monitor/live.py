"""Fan-out of live events to browsers: encoded once, bounded for everybody.

Every viewer has a buffer of its own. Whoever does not keep up is disconnected and comes back by
itself, so that no slow browser holds up another one or the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import msgspec

BUFFERED_EVENTS = 256
BUFFERED_BYTES = 8 * 1024 * 1024
KEEPALIVE_S = 15.0

_COMMENT = b": nanwatch\n\n"


def encoded(event: str, data: Any) -> bytes:
    """A server-sent event. JSON has no line breaks, so one data line is enough."""
    return b"event: %s\ndata: %s\n\n" % (event.encode(), msgspec.json.encode(data))


class Viewer:
    """One open stream, of a page or of all pages of a browser.

    Args:
        runs: the runs whose points it wants.
        wide: whether it hears of all other runs, too.
        key: the credential that let it in.
    """

    def __init__(
        self, runs: Iterable[str], wide: bool, key: str = "", buffered: int = BUFFERED_EVENTS
    ) -> None:
        self.runs, self.wide, self.key = frozenset(runs), wide, key
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(buffered)
        self._waiting = 0  # bytes

    def hears_of(self, run_id: str) -> bool:
        """Whether it is told what happens to a run; "" is what belongs to none."""
        return self.wide or not run_id or run_id in self.runs

    def offer(self, event: bytes) -> bool:
        """Take an event. False when the buffer is full, and the viewer is to be given up."""
        if self._queue.full() or self._waiting + len(event) > BUFFERED_BYTES:
            return False
        self._queue.put_nowait(event)
        self._waiting += len(event)
        return True

    def end(self, last: bytes | None = None) -> None:
        """Let go of what waits; say `last`, if given, and close."""
        while not self._queue.empty():
            self._queue.get_nowait()
        for item in (last, None) if last else (None,):
            self._queue.put_nowait(item)

    async def events(self) -> AsyncIterator[bytes]:
        """What goes over the connection, until `end`; a comment now and then keeps it open."""
        yield _COMMENT
        while True:
            try:
                async with asyncio.timeout(KEEPALIVE_S):
                    event = await self._queue.get()
            except TimeoutError:
                yield _COMMENT
                continue
            if event is None:
                return
            self._waiting -= len(event)
            yield event


class Hub:
    """All viewers. What publishes may be called from any thread, the rest from the event loop."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return len(self._viewers)

    def open_by(self, key: str) -> int:
        """How many streams a credential has open."""
        return sum(viewer.key == key for viewer in self._viewers)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on this event loop from now on."""
        self._loop = loop

    def join(self, viewer: Viewer) -> None:
        """A page was opened."""
        self._viewers.add(viewer)
        if self._closed:
            self._say_goodbye(viewer)

    def leave(self, viewer: Viewer) -> None:
        """A page was closed."""
        self._viewers.discard(viewer)

    def publish(self, event: str, run_id: str, data: Callable[[], Any]) -> None:
        """Tell every viewer, except those who look at other runs alone.

        Args:
            run_id: "" for what belongs to no run.
            data: makes the event's data; not called when nobody listens.
        """
        self._publish(event, data, lambda viewer: viewer.hears_of(run_id))

    def publish_points(self, run_id: str, data: Callable[[], Any]) -> None:
        """Tell the viewers of one run."""
        self._publish("points", data, lambda viewer: run_id in viewer.runs)

    def shows(self, run_id: str) -> bool:
        """Whether anybody looks at a run. From any thread."""
        return any(run_id in viewer.runs for viewer in tuple(self._viewers))

    def send_back(self, run_id: str | None = None) -> None:
        """Disconnect those who look at a run, or at any: they come back and read what they show
        anew. From any thread.
        """
        if self._loop is not None and not self._closed:
            self._loop.call_soon_threadsafe(self._send_back, run_id)

    def keys(self) -> set[str]:
        """The credentials that open pages came in with."""
        return {viewer.key for viewer in self._viewers}

    def show_out(self, keys: set[str]) -> None:
        """End the streams of credentials that are over; who comes back is asked for another."""
        for viewer in [known for known in self._viewers if known.key in keys]:
            self._viewers.discard(viewer)
            viewer.end()

    def close(self) -> None:
        """The server is leaving: tell everybody and end every connection."""
        self._closed = True
        for viewer in tuple(self._viewers):
            self._say_goodbye(viewer)

    def _publish(
        self, event: str, data: Callable[[], Any], concerns: Callable[[Viewer], bool]
    ) -> None:
        if self._loop is None or self._closed:
            return
        listening = [viewer for viewer in tuple(self._viewers) if concerns(viewer)]
        if listening:
            message = encoded(event, data())
            self._loop.call_soon_threadsafe(self._deliver, listening, message)

    def _deliver(self, viewers: list[Viewer], message: bytes) -> None:
        for viewer in viewers:
            if viewer in self._viewers and not viewer.offer(message):
                self._viewers.discard(viewer)
                viewer.end()

    def _send_back(self, run_id: str | None) -> None:
        looking = [known for known in self._viewers if run_id is None or run_id in known.runs]
        for viewer in looking:
            self._viewers.discard(viewer)
            viewer.end()

    def _say_goodbye(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)
        viewer.end(encoded("gone", {}))
