"""Bodies that come packed with gzip: unpacked piece by piece, and counted meanwhile. Pure.

A few bytes of gzip may stand for a thousand times as many. Where more comes out than is accepted,
the rest is never unpacked.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

MOST_BYTES = 16 * 1024 * 1024
MOST_RATIO = 100
"""So many times larger than it came may a body become: numbers never pack that well."""

_PIECE = 256 * 1024
_GZIP_ALONE = 16 + zlib.MAX_WBITS


class PackedError(ValueError):
    """Bytes that are no gzip, or not all of one; the message says why."""


class BombError(ValueError):
    """More comes out than is accepted; the message says how much that is."""


def unpacked(packed: bytes, most: int = MOST_BYTES) -> bytes:
    """The bytes that one layer of gzip holds.

    Args:
        most: how many bytes may come out.

    Raises:
        PackedError, BombError: and nothing is kept of what came out.
    """
    pieces, size = [], 0
    for piece in _pieces(packed):
        size += len(piece)
        if size > most:
            raise BombError(f"at most {most} bytes are accepted once it is unpacked")
        if size > MOST_RATIO * len(packed):
            raise BombError(f"it may grow to {MOST_RATIO} times its size when it is unpacked")
        pieces.append(piece)
    return b"".join(pieces)


def _pieces(packed: bytes) -> Iterator[bytes]:
    unpacking, left = zlib.decompressobj(_GZIP_ALONE), packed
    while not unpacking.eof:
        try:
            piece = unpacking.decompress(left, _PIECE)
        except zlib.error as error:
            raise PackedError("it is no gzip, or damaged") from error
        left = unpacking.unconsumed_tail
        if not piece and not left and not unpacking.eof:
            raise PackedError("it ends before the gzip does")
        yield piece
    if unpacking.unused_data:
        raise PackedError("something follows the end of the gzip")
