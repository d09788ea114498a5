"""When the server was last of use, so that a monitor that nobody needs can leave."""

from __future__ import annotations

import time


class Activity:
    """Remembers the last use, by a clock that no correction of the time disturbs."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def touch(self) -> None:
        """Somebody used the server: a training reported, or a page was looked at."""
        self._last = time.monotonic()

    def idle_s(self) -> float:
        """Seconds since the last use."""
        return time.monotonic() - self._last
