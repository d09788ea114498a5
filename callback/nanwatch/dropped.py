"""Counts what found no room: one thread adds, another takes, and neither waits. Pure."""

from __future__ import annotations

from nanwatch.events import Gap


class Dropped:
    """Values that were dropped.

    Each thread writes fields of its own only, and whole ones, so that none is counted twice.
    """

    def __init__(self) -> None:
        self._seen = (0, 0, 0, 0)  # how many in all; in which turn, from which step to which
        self._turn = 0
        self._taken = 0

    def add(self, n: int, step: int) -> None:
        """Count n values of a step."""
        total, turn, first, last = self._seen
        if turn != self._turn or not total:
            turn, first, last = self._turn, step, step
        self._seen = (total + n, turn, min(first, step), max(last, step))

    def take(self) -> list[Gap]:
        """What was dropped since the last call: one gap, or none."""
        total, _, first, last = self._seen
        self._turn += 1
        n, self._taken = total - self._taken, total
        return [Gap(n, first, last)] if n else []
