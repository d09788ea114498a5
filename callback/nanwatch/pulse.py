"""How a training advances: told by its heartbeats, so that a server can tell slow from hung. Pure.

A step may take its time. What is too long follows from the training itself: many times its usual
step, never less than minutes, and more than any rest that it has come back from.
"""

from __future__ import annotations

import statistics
from collections import deque

from nanwatch.events import Heartbeat

SHORTEST_PATIENCE_S = 300.0
USUAL_STEPS = 20
LONGEST_RESTS = 2
REMEMBERED = 101


class Pulse:
    """Looks at the step of a training from time to time.

    Args:
        now: seconds by a monotonic clock, as everywhere here.
    """

    def __init__(self, now: float) -> None:
        self._step: int | None = None
        self._since = now
        self._longest = 0.0
        self._paces: deque[float] = deque(maxlen=REMEMBERED)
        self._excused = False

    def see(self, step: int | None, excused: bool, now: float) -> None:
        """The last step that was made, and whether there is a reason that none follows."""
        if step is not None and step != self._step:
            self._learn(step, now)
            self._step, self._since = step, now
        self._excused = excused
        if excused:
            self._since = now

    def beat(self, now: float) -> Heartbeat:
        """What to tell the server."""
        return Heartbeat(self._step, now - self._since, self._patience_s())

    def _learn(self, step: int, now: float) -> None:
        if self._step is None or step < self._step:
            return  # nothing to compare with: the first one compiles, one that goes back repeats
        rest = now - self._since
        self._longest = max(self._longest, rest)
        self._paces.append(rest / (step - self._step))

    def _patience_s(self) -> float | None:
        if self._excused or not self._paces:
            return None
        usual = USUAL_STEPS * statistics.median(self._paces)
        return max(SHORTEST_PATIENCE_S, usual, LONGEST_RESTS * self._longest)
