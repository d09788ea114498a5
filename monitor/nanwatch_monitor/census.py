"""How many series each run has: one that makes up a name a step would fill tables and pages."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from nanwatch.events import Points
from nanwatch.wire import Frame

MAX_SERIES = 10_000
_MOST_NAMES = 200_000  # of all runs; those that were quiet for longest are counted anew


class Census:
    """Counts names as they come in, in the memory of this process, by their hashes.

    Args:
        most: how many series a run may have.
    """

    def __init__(self, most: int = MAX_SERIES) -> None:
        self._most = most
        self._names: OrderedDict[str, set[int]] = OrderedDict()
        self._total = 0
        self._counting = threading.Lock()

    def admits(self, frames: Iterable[Frame]) -> bool:
        """Count the series of one run's frames. False when they would be too many; then none is
        counted.
        """
        said = [(frame.run_id, event) for frame in frames for event in frame.events]
        new = {
            hash(name) for _, event in said if isinstance(event, Points) for name in event.values
        }
        return not new or self._add(said[0][0], new)

    def _add(self, run_id: str, new: set[int]) -> bool:
        with self._counting:
            known = self._names.pop(run_id, set())
            self._names[run_id] = known
            fresh = new - known
            if len(known) + len(fresh) > self._most:
                return False
            known |= fresh
            self._total += len(fresh)
            while self._total > _MOST_NAMES and len(self._names) > 1:
                _, forgotten = self._names.popitem(last=False)
                self._total -= len(forgotten)
            return True
