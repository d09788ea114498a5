"""A stream on disk that waits to be delivered."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nanwatch import wire
from nanwatch.spool.memory import Ring
from nanwatch.spool.reader import Reader
from nanwatch.spool.salvage import Record, salvage
from nanwatch.spool.segments import Segments, write_atomically

SEGMENT_BYTES = 4 * 1024 * 1024
CAP_BYTES = 256 * 1024 * 1024
MEMORY_BYTES = 16 * 1024 * 1024
INTRODUCTION = "introduction"
CURSOR = "cursor"
LOCK = "lock"
RESERVE = "reserve"


class StreamBusyError(RuntimeError):
    """Another process, very likely the training itself, is delivering this stream."""


class Stream:
    """The undelivered frames of one writing process: take some, deliver them, acknowledge them.

    One process at a time holds a stream, by a lock that the kernel lets go when it dies.

    Args:
        directory: `spool/<run_id>/<stream>`, with segments, cursor, introduction and lock in it.
        files: the open segments and the lock, or None when the disk cannot be used.
        memory_bytes: how much may wait in memory when the disk takes none.
    """

    def __init__(
        self, directory: Path, files: OpenFiles | None, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self.directory = directory
        self.run_id, self.name = directory.parent.name, directory.name
        self.acked = _read_cursor(directory)
        self._files = files
        self._segments = files.segments if files else None
        self._ring = Ring(memory_bytes)
        self._introduction: bytes | None = None
        self._lock = threading.Lock()
        self._reader = Reader(
            self._segments, self._ring, self.acked + 1, self.introduction, self._keep_damage
        )

    @classmethod
    def open(cls, directory: Path) -> Stream:
        """Hold the stream of another process that is over. Raises StreamBusyError, OSError."""
        return cls(directory, OpenFiles.hold(directory))

    def take(self, max_bytes: int) -> list[Record]:
        """The next undelivered frames in order, at least one when there is one."""
        with self._lock:
            return self._reader.take(max_bytes)

    def acknowledge(self, seq: int) -> None:
        """Frames up to `seq` are safe on the server; they are forgotten here."""
        with self._lock:
            self.acked = max(self.acked, seq)
            self._ring.discard(self.acked)
            with contextlib.suppress(OSError):  # sent twice at worst; the server stores it once
                self._write_cursor()
            if self._segments is not None:
                self._segments.discard(self.acked)

    def rewind(self, seq: int) -> None:
        """Take from frame `seq` on, because that is what the server expects."""
        with self._lock:
            self.acked = seq - 1
            self._reader.rewind(seq)

    def set_aside(self, record: Record) -> Path:
        """Keep a frame that the server refuses, for a person to look at; returns the folder."""
        folder = self.directory / "rejected"
        with contextlib.suppress(OSError):  # a full disk; the others have to go on
            folder.mkdir(mode=0o700, exist_ok=True)
            write_atomically(folder / f"{record.seq:012d}.frame", record.raw)
        return folder

    def introduction(self) -> bytes | None:
        """A copy of frame 0, which says who the run is, or None."""
        if self._introduction is None:
            with contextlib.suppress(OSError):
                data = (self.directory / INTRODUCTION).read_bytes()
                self._introduction = next(filter(self._is_first, _whole(data)), None)
        return self._introduction

    def _is_first(self, raw: bytes) -> bool:
        return wire.identity(raw) == (self.run_id, self.name, 0)

    def close(self, delivered: bool) -> None:
        """Let go; when all is delivered the folder goes too, unless something was set aside."""
        with self._lock:
            self._let_go(delivered)

    def abandon_in_child(self) -> None:
        """After a fork, in the child: let go of the parent's files without touching them."""
        self._lock = threading.Lock()  # the parent's may have been held by a thread that is gone
        self._let_go(delivered=False)

    def _let_go(self, delivered: bool) -> None:
        if self._files is None:
            return
        if delivered:
            self._remove()
        self._files.close()
        self._files = None

    def _remove(self) -> None:
        segments = self._segments.paths() if self._segments else []
        others = (self.directory / name for name in (CURSOR, INTRODUCTION, LOCK, RESERVE))
        for path in (*segments, *others):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: something was set aside in it
            self.directory.rmdir()
            self.directory.parent.rmdir()

    def _keep_damage(self, raw: bytes) -> None:
        path = self.directory / f"damage-{zlib.crc32(raw):08x}.bad"
        with contextlib.suppress(OSError):
            write_atomically(path, raw)

    def _write_cursor(self) -> None:
        if self._segments is not None:
            write_atomically(self.directory / CURSOR, str(self.acked).encode())


@dataclass(frozen=True)
class OpenFiles:
    """The files that a stream's holder keeps open."""

    segments: Segments
    lock: int

    @classmethod
    def hold(
        cls, directory: Path, segment_bytes: int = SEGMENT_BYTES, cap_bytes: int = CAP_BYTES
    ) -> OpenFiles:
        """Lock the folder and list its segments. Raises StreamBusyError, OSError."""
        return cls(Segments(directory, segment_bytes, cap_bytes), _lock(directory / LOCK))

    def close(self) -> None:
        """Let go of them all."""
        self.segments.close()
        os.close(self.lock)


def _whole(data: bytes) -> Iterator[bytes]:
    """The frames in bytes."""
    return (piece.raw for piece in salvage(data) if isinstance(piece, Record))


def _read_cursor(directory: Path) -> int:
    try:
        return max(-1, int((directory / CURSOR).read_text("ascii")))
    except (OSError, ValueError):
        return -1  # sent again from the start; the server stores nothing twice


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StreamBusyError(f"{path.parent} is being delivered by another process") from error
    except OSError:
        pass  # a file system without locks: two senders at worst, and the server stores once
    return descriptor
