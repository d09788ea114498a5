"""Decoded frames of the open log, as many as fit: whoever needs one next need not decode it again.

A frame never changes, so what was taken in is judged, sealed and shown from here; what is not here
is read from the log.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from nanwatch import events, wire
from nanwatch_monitor.store.receipts import Receipt

MOST_BYTES = 64 * 1024 * 1024
_OVERHEAD = 2048  # bytes, roughly: the objects round the numbers of a frame

Key = tuple[str, int]
"""The stream's token and the frame's number."""


class FrameCache:
    """The latest frames. For any thread.

    Args:
        most_bytes: about how much memory they may take.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, tuple[wire.Frame, int]] = OrderedDict()
        self._used = 0

    def committed(self, _run_id: str, receipt: Receipt) -> None:
        """New frames were stored."""
        self.keep(receipt.fresh)

    def keep(self, frames: Iterable[wire.Frame]) -> None:
        """Keep frames that are in the log; the oldest make room for them."""
        sized = {(one.stream, one.seq): (one, _size(one)) for one in frames}
        with self._lock:
            self._used += sum(size for key, (_, size) in sized.items() if key not in self._known)
            self._known.update(sized)
            while self._used > self._most:
                _, (_, size) = self._known.popitem(last=False)
                self._used -= size

    def drop(self, token: str, first: int, last: int) -> None:
        """Some frames of a stream are not in the log any more."""
        with self._lock:
            for seq in range(first, last + 1):
                _, size = self._known.pop((token, seq), (None, 0))
                self._used -= size

    def find(self, keys: Iterable[Key]) -> dict[Key, wire.Frame]:
        """Those of some frames that are here."""
        with self._lock:
            return {key: self._known[key][0] for key in keys if key in self._known}

    def behind(self, token: str, after: int, most: int) -> list[wire.Frame]:
        """The frames of a stream behind number `after`, up to the first that is not here."""
        found: list[wire.Frame] = []
        with self._lock:
            while len(found) < most and (known := self._known.get((token, after + 1))) is not None:
                found.append(known[0])
                after += 1
        return found


def _size(frame: wire.Frame) -> int:
    blocks = (event for event in frame.events if isinstance(event, events.Points))
    return _OVERHEAD + sum(8 * len(block.steps) * (1 + len(block.values)) for block in blocks)
