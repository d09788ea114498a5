"""Reads a spool in the order of its numbers, over damage and holes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from nanwatch.spool.memory import Ring
from nanwatch.spool.salvage import Damage, Record, bridge, salvage
from nanwatch.spool.segments import Segments, first_seq


class Reader:
    """Hands out the frames of a stream one after the other, without a missing number.

    Args:
        segments: the frames on disk, older than those in memory.
        ring: the frames in memory.
        expected: the number of the first frame that is wanted.
        introduction: gives a copy of frame 0, or None.
        keep_damage: takes bytes that are no frame.
    """

    def __init__(
        self,
        segments: Segments | None,
        ring: Ring,
        expected: int,
        introduction: Callable[[], bytes | None],
        keep_damage: Callable[[bytes], None],
    ) -> None:
        self._segments = segments
        self._ring = ring
        self._introduction = introduction
        self._keep_damage = keep_damage
        self.rewind(expected)

    def rewind(self, seq: int) -> None:
        """Go to frame `seq`, wherever it lies; if it is gone, stand-ins will take its place."""
        self._expected = seq
        self._at: Path | None = None
        self._offset = 0
        self._before: bytes | None = None
        self._held: Record | None = None
        self._flow = self._frames()

    def take(self, max_bytes: int) -> list[Record]:
        """The next frames, at least one when there is one, together at most `max_bytes`."""
        batch: list[Record] = []
        room = max_bytes
        while (record := self._next()) is not None:
            room -= len(record.raw)
            if batch and room < 0:
                self._held = record
                break
            batch.append(record)
        return batch

    def _next(self) -> Record | None:
        if self._held is not None:
            record, self._held = self._held, None
            return record
        for record in self._flow:
            return record
        self._flow = self._frames()  # what was written since then
        return next(self._flow, None)

    def _frames(self) -> Iterator[Record]:
        for piece in self._pieces():
            match piece:
                case Damage(raw):
                    self._keep_damage(raw)
                case Record(seq, raw) if seq >= self._expected:
                    missing, before = range(self._expected, seq), self._before
                    self._expected, self._before = seq + 1, raw
                    yield from bridge(missing, before, raw, self._introduction())
                    yield piece

    def _pieces(self) -> Iterator[Record | Damage]:
        while data := self._read_on():
            yield from salvage(data)
        yield from self._ring.records()

    def _read_on(self) -> bytes:
        """The unread rest of the first segment that has one; empty at the end of the disk."""
        for path in self._segments.paths() if self._segments else ():
            if self._at is not None and first_seq(path) < first_seq(self._at):
                continue
            offset = self._offset if path == self._at else 0
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
            if data:
                self._at, self._offset = path, offset + len(data)
                return data
        return b""
