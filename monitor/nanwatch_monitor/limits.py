"""How often somebody may ask: a token bucket for each of many."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 10_000  # whoever was quiet for longest is forgotten first, with a full bucket


class Allowance:
    """A bucket a key, refilled by and by.

    Args:
        per_s: how many are granted in the long run, a second.
        at_once: how many after a pause.
    """

    def __init__(
        self, per_s: float, at_once: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s, self._at_once, self._clock = per_s, at_once, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key: (left, when)

    def take(self, key: str) -> float:
        """Take one. 0 when it is granted, else in how many seconds the next one will be."""
        now = self._clock()
        left, since = self._left.pop(key, (self._at_once, now))
        left = min(self._at_once, left + (now - since) * self._per_s)
        granted = left >= 1
        self._left[key] = (left - granted, now)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return 0.0 if granted else (1 - left) / self._per_s
