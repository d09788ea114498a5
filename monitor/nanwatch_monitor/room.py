"""How much may wait to be stored: bounded in points and bytes, and shared out fairly. Pure.

Half of the room is for whoever comes. The other half is for those who wait with nothing yet, and
for equal shares: one who floods the server does not keep out another who says little.
"""

from __future__ import annotations

from collections import defaultdict

MOST_POINTS = 20_000
MOST_BYTES = 32 * 1024 * 1024
OPEN = 0.5
"""The part of the room that is not shared out."""


class Room:
    """The room that waits, as parts of 1.

    Attributes:
        taken: how much of it is taken; above 1 only when one alone is larger than the room.
    """

    def __init__(self, points: int = MOST_POINTS, size: int = MOST_BYTES) -> None:
        self._points, self._size = points, size
        self._held: defaultdict[str, float] = defaultdict(float)
        self.taken = 0.0

    def enter(self, who: str, points: int, size: int) -> bool:
        """Take room; False when there is none for it. An empty room takes anything.

        Args:
            who: whose share it is.
            size: in bytes.
        """
        part = max(points / self._points, size / self._size)
        if self._held and not self._fits(who, part):
            return False
        self._held[who] += part
        self.taken += part
        return True

    def clear(self) -> None:
        """All have left."""
        self._held.clear()
        self.taken = 0.0

    def _fits(self, who: str, part: float) -> bool:
        if self.taken + part > 1:
            return False
        share = (1 - OPEN) / len(self._held)
        is_modest = who not in self._held or self._held[who] + part <= share
        return is_modest or self.taken + part <= OPEN
