"""Where frames wait when the disk takes none: bounded, the oldest go first."""

from __future__ import annotations

from collections import deque

from nanwatch.spool.salvage import Record


class Ring:
    """Frames in memory, at most `cap_bytes` of them."""

    def __init__(self, cap_bytes: int) -> None:
        self.cap_bytes = cap_bytes
        self._bytes = 0
        self._records: deque[Record] = deque()

    def __len__(self) -> int:
        return len(self._records)

    def append(self, record: Record) -> None:
        """Keep a frame; the oldest ones make room."""
        self._records.append(record)
        self._bytes += len(record.raw)
        while self._bytes > self.cap_bytes and len(self._records) > 1:
            self._drop_oldest()

    def records(self) -> list[Record]:
        """What is there, the oldest first."""
        return list(self._records)

    def discard(self, up_to: int) -> None:
        """Forget the frames numbered up to `up_to`."""
        while self._records and self._records[0].seq <= up_to:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._bytes -= len(self._records.popleft().raw)
