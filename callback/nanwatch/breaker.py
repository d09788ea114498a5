"""What this process knows of how a server answers: one run learns it, the next one need not.

A run that ends waits for its server only while there is something to wait for.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

FAILURES = 2
UNANSWERED_S = 3.0
FORGOTTEN_S = 300.0


class Breaker:
    """Open while a server takes nothing. All threads that speak to the server share it.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._failed_at = self._asked_at = float("-inf")
        self._waiting = self._unanswered = False

    @property
    def is_open(self) -> bool:
        """Whether the last attempts failed, or one waits for an answer that should be there."""
        recent = self._clock() - self._failed_at < FORGOTTEN_S
        return (recent and self._failures >= FAILURES) or self.is_silent

    @property
    def is_silent(self) -> bool:
        """Whether it takes requests and does not answer: then waiting for an answer is in vain."""
        now = self._clock()
        recent = now - self._failed_at < FORGOTTEN_S
        waits = self._waiting and now - self._asked_at > UNANSWERED_S
        return waits or (recent and self._unanswered)

    def asked(self) -> None:
        """A request begins."""
        if not self._waiting:
            self._waiting, self._asked_at = True, self._clock()

    def over(self, well: bool | None) -> None:
        """It ended well, or not; None: nothing had to be asked after all."""
        self._waiting = False
        if well is not None:
            self._failures = 0 if well else self._failures + 1
            self._failed_at = self._clock()
            self._unanswered = not well and self._failed_at - self._asked_at > UNANSWERED_S


_known: defaultdict[str, Breaker] = defaultdict(Breaker)


def breaker_of(url: str) -> Breaker:
    """The breaker of the server at a URL."""
    return _known[url]
