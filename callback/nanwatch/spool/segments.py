"""The files of a spool: append-only segments, named by the number of their first frame.

A segment is nothing but wire frames back to back, so every tool that reads a request reads it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from nanwatch.spool.salvage import Record, merged, salvage, thinned_or_same

SUFFIX = ".seg"
THIN = ".thin.seg"
MERGED = ".merged.seg"


class Segments:
    """The segments of one stream, the oldest first.

    Args:
        directory: the stream's folder.
        segment_bytes: size at which the next segment begins.
        cap_bytes: size of all segments together at which the oldest one is thinned: its points
            go, a Gap that counts them stays. When all are thin, such Gaps are merged.
    """

    def __init__(self, directory: Path, segment_bytes: int, cap_bytes: int) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._cap_bytes = cap_bytes
        self._sizes = {path: path.stat().st_size for path in _listed(directory)}
        self._active: Path | None = None
        self._descriptor = -1

    def append(self, record: Record) -> None:
        """Hand a frame to the kernel, whole or not at all. Raises OSError."""
        if self._active is None or self._sizes[self._active] >= self._segment_bytes:
            self._active = self._begin(record.seq)
            with contextlib.suppress(OSError):  # tried again with the next segment
                self._keep_within_cap()
        try:
            _write_whole(self._descriptor, record.raw)
        except OSError:
            # A torn frame must not stand in front of a later one.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._sizes[self._active])
            raise
        self._sizes[self._active] += len(record.raw)

    def paths(self) -> list[Path]:
        """Every segment, the oldest first."""
        # A segment sorts before its thinned self; a crash may have left both.
        return sorted(self._sizes, key=lambda path: (first_seq(path), path.name))

    def discard(self, up_to: int) -> None:
        """Delete segments in which no frame is numbered above `up_to`, but never the newest."""
        paths = self.paths()
        for path, following in itertools.pairwise(paths):
            if first_seq(following) > up_to + 1:
                return
            path.unlink(missing_ok=True)
            del self._sizes[path]

    def close(self) -> None:
        """Let go of the file that is being written."""
        if self._active is not None:
            os.close(self._descriptor)
            self._active = None

    def _begin(self, seq: int) -> Path:
        path = self._directory / f"{seq:012d}{SUFFIX}"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
        fresh = os.open(path, flags, 0o600)
        self.close()
        self._descriptor, self._sizes[path] = fresh, 0
        return path

    def _keep_within_cap(self) -> None:
        for suffix, shorten in ((THIN, _thinned_records), (MERGED, _merged_records)):
            for path in self.paths()[:-1]:
                if sum(self._sizes.values()) <= self._cap_bytes:
                    return
                if not path.name.endswith((suffix, MERGED)):
                    self._shorten(path, suffix, shorten)

    def _shorten(
        self, path: Path, suffix: str, shorten: Callable[[bytes], Iterable[bytes]]
    ) -> None:
        kept = b"".join(shorten(path.read_bytes()))
        target = path.with_name(f"{first_seq(path):012d}{suffix}")
        write_atomically(target, kept)
        path.unlink(missing_ok=True)
        del self._sizes[path]
        self._sizes[target] = len(kept)


def first_seq(path: Path) -> int:
    """The number of the first frame that a segment was begun with."""
    return int(path.name.split(".")[0])


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file so that a reader or a crash sees the old one or the new one."""
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        _write_whole(descriptor, data)
    finally:
        os.close(descriptor)
    temporary.replace(path)


def _listed(directory: Path) -> list[Path]:
    return [path for path in directory.glob(f"*{SUFFIX}") if path.name.split(".")[0].isdigit()]


def _write_whole(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _thinned_records(data: bytes) -> Iterator[bytes]:
    return map(thinned_or_same, _whole(data))


def _merged_records(data: bytes) -> Iterator[bytes]:
    return merged(_whole(data))


def _whole(data: bytes) -> Iterator[bytes]:
    """The frames; the reader bridges the numbers of what is damaged."""
    return (piece.raw for piece in salvage(data) if isinstance(piece, Record))
