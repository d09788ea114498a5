"""The spool: frames on disk until the server has them.

What is appended is with the kernel when the call returns, so the death of this process loses
nothing. When the disk takes no more, frames wait in memory, bounded, and a Gap says what was lost.
What still waits there when the process ends leaves on disk, in room that was reserved for it, all
but its points.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from nanwatch import wire
from nanwatch.disk import take_room
from nanwatch.events import Event
from nanwatch.names import random_id
from nanwatch.spool.salvage import Record, bare, thinned_or_same
from nanwatch.spool.segments import Segments, write_atomically
from nanwatch.spool.stream import (
    CAP_BYTES,
    INTRODUCTION,
    MEMORY_BYTES,
    RESERVE,
    SEGMENT_BYTES,
    OpenFiles,
    Stream,
    StreamBusyError,
)

__all__ = ["Record", "Spool", "Stream", "StreamBusyError", "bare", "stored_streams"]


RESERVE_BYTES = 64 * 1024


class Spool(Stream):
    """The stream that this process writes: `append` numbers the events and keeps them.

    Args:
        root: the folder of all spools, `NANWATCH_DIR/spool`.
        run_id: the run that the events belong to.
        warn: takes one line for the terminal when the disk cannot be used.
    """

    def __init__(
        self,
        root: Path,
        run_id: str,
        warn: Callable[[str], None],
        segment_bytes: int = SEGMENT_BYTES,
        cap_bytes: int = CAP_BYTES,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        directory = root / run_id / random_id()
        files: OpenFiles | None = None
        trouble: OSError | None = None
        try:
            _make_private(directory, root)
            files = OpenFiles.hold(directory, segment_bytes, cap_bytes)
            _reserve(directory / RESERVE)
        except OSError as error:
            trouble = error
        super().__init__(directory, files, memory_bytes)
        self._warn = warn
        self._next = 0
        self._warned = False
        if trouble is not None:
            self._disk_failed(trouble)

    @property
    def backlog(self) -> int:
        """How many frames the server does not have yet."""
        return self._next - 1 - self.acked

    @property
    def only_in_memory(self) -> int:
        """How many of them the disk did not take."""
        return len(self._ring)

    def close(self, delivered: bool) -> None:
        """Let go; what waits in memory leaves stand-ins on disk that say what is missing."""
        with self._lock:
            if self._segments is not None and not delivered:
                self._leave_stand_ins(self._segments)
        super().close(delivered)

    def _leave_stand_ins(self, segments: Segments) -> None:
        with contextlib.suppress(OSError):  # said already, when the disk began to refuse
            (self.directory / RESERVE).unlink(missing_ok=True)
            for record in self._ring.records():
                segments.append(Record(record.seq, thinned_or_same(record.raw)))

    def append(self, events: Sequence[Event]) -> None:
        """Keep events as the next frame.

        Raises:
            ValueError, NotImplementedError: they have no form on the wire; nothing is kept.
        """
        with self._lock:
            seq = self._next
            raw = wire.encode(wire.Frame(self.run_id, self.name, seq, tuple(events)))
            if len(raw) > wire.MAX_FRAME:
                raise ValueError(f"events of {len(raw)} bytes do not fit into one frame")
            self._next = seq + 1  # before the write: an interrupt must not give it out twice
            self._keep(Record(seq, raw))

    def _keep(self, record: Record) -> None:
        if record.seq == 0:
            self._introduce(record.raw)
        # What is in memory is newer than what is on disk, so the disk's turn comes again only
        # when memory is empty.
        if self._segments is not None and not self._ring:
            try:
                self._segments.append(record)
                return
            except OSError as error:
                self._disk_failed(error)
        self._ring.append(record)

    def _introduce(self, raw: bytes) -> None:
        self._introduction = raw
        if self._segments is not None:
            with contextlib.suppress(OSError):
                write_atomically(self.directory / INTRODUCTION, raw)

    def _disk_failed(self, error: OSError) -> None:
        if self._warned:
            return
        self._warned = True
        self._warn(
            f"the spool {self.directory} cannot be written ({error.strerror or error}); what is "
            f"not sent yet waits in memory, at most {self._ring.cap_bytes >> 20} MiB. "
            f"Free some space, or set NANWATCH_DIR to another folder."
        )


def stored_streams(root: Path) -> list[Path]:
    """The folders of all streams that have something to deliver, by run."""
    return sorted({path.parent for path in root.glob("*/*/*.seg")})


def _reserve(path: Path) -> None:
    """Take room now for the last words on a disk that others fill."""
    with contextlib.suppress(OSError):  # a full disk is said when there is something to keep
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            take_room(descriptor, RESERVE_BYTES)
        finally:
            os.close(descriptor)


def _make_private(directory: Path, root: Path) -> None:
    for folder in (root.parent, root, directory.parent, directory):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
