"""How much may wait to be stored: bounded in points and bytes, and shared out fairly. Pure.

Half of the room is for whoever comes. The rest is for runs that wait with nothing yet, and for
equal shares: one that floods the server does not keep out another that says little. A tenth is kept
for senders that wait with nothing yet, however many runs another one floods the server with.
"""

from __future__ import annotations

from collections import defaultdict

MOST_POINTS = 20_000
MOST_BYTES = 32 * 1024 * 1024
OPEN = 0.5
"""The part of the room that is not shared out."""
KEPT = 0.1
"""The part that is kept for senders who wait with nothing."""
LOUD = 0.05
"""Runs that wait with more than this part have much to say."""


class Room:
    """The room that waits, as parts of 1.

    Attributes:
        taken: how much of it is taken. One that is larger than the room counts as all that is not
            kept: a quiet sender is not turned away for it.
    """

    def __init__(self, points: int = MOST_POINTS, size: int = MOST_BYTES) -> None:
        self._points, self._size = points, size
        self._held: defaultdict[str, float] = defaultdict(float)
        self._senders: set[str] = set()
        self.taken = 0.0

    def enter(self, run: str, points: int, size: int, sender: str = "") -> bool:
        """Take room; False when there is none for it. An empty room takes anything.

        Args:
            run: whose share it is.
            size: in bytes.
            sender: who sends it; one may send for many runs.
        """
        part = max(points / self._points, size / self._size)
        if not self._held:
            part = min(part, 1 - KEPT)
        elif not self._fits(run, part, sender):
            return False
        self._held[run] += part
        self._senders.add(sender)
        self.taken += part
        return True

    @property
    def loud(self) -> frozenset[str]:
        """The runs that have much to say."""
        return frozenset(run for run, part in self._held.items() if part > LOUD)

    def clear(self) -> None:
        """All have left."""
        self._held.clear()
        self._senders.clear()
        self.taken = 0.0

    def _fits(self, run: str, part: float, sender: str) -> bool:
        if self.taken + part > (1 - KEPT if sender in self._senders else 1):
            return False
        share = (1 - OPEN) / len(self._held)
        is_modest = run not in self._held or self._held[run] + part <= share
        return is_modest or self.taken + part <= OPEN
