"""The bytes of sealed numbers: columns of one length, compressed without losing a bit.

    format u8 | number of columns u8 | for each column: kind u8, length u32 | the columns

all little-endian. Pcodec does the compressing, because it took the least room of what was measured
(docs/benchmarks.md). Steps usually come at even distances, and most metrics are 32-bit floats in
64-bit clothes: both are noticed, and read back exactly as they were.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, standalone

from nanwatch_monitor.series.columns import Curve

FORMAT = 1

_LEVEL = ChunkConfig(compression_level=4)
_HEAD = struct.Struct("<BB")
_COLUMN = struct.Struct("<BI")
_EVEN = struct.Struct("<qqI")  # first, distance, how many
_EMPTY, _INTS, _EVEN_INTS, _DOUBLES, _SINGLES = range(5)

Column = NDArray[np.int64] | NDArray[np.float64]


class CodecError(ValueError):
    """Bytes that are no columns, or of a format that is not known here."""


@np.errstate(all="ignore")  # what does not fit in fewer bits is seen by reading it back
def pack(columns: Sequence[Column]) -> bytes:
    """The bytes of int64 and float64 columns."""
    packed = [_pack_ints(c) if c.dtype == np.int64 else _pack_floats(c) for c in columns]
    heads = [_COLUMN.pack(kind, len(data)) for kind, data in packed]
    return b"".join([_HEAD.pack(FORMAT, len(packed)), *heads, *(data for _, data in packed)])


@np.errstate(all="ignore")
def unpack(data: bytes) -> list[Any]:
    """The columns again, bit by bit; an empty one comes back as float64. Raises CodecError."""
    try:
        found, count = _HEAD.unpack_from(data)
        if found != FORMAT:
            raise CodecError(f"format {found} of sealed points is not known, only {FORMAT}")
        heads = [_COLUMN.unpack_from(data, _HEAD.size + i * _COLUMN.size) for i in range(count)]
    except struct.error as error:
        raise CodecError("sealed points are cut off") from error
    columns, at = [], _HEAD.size + count * _COLUMN.size
    for kind, length in heads:
        columns.append(_unpack_column(kind, data[at : at + length]))
        at += length
    return columns


def pack_points(points: Curve) -> bytes:
    """The bytes of points."""
    return pack([points.steps, points.values])


def unpack_points(data: bytes) -> Curve:
    """The points again."""
    steps, values = unpack(data)
    return Curve(steps.astype(np.int64, copy=False), values)


def _pack_ints(column: NDArray[Any]) -> tuple[int, bytes]:
    if len(column) == 0:
        return _EMPTY, b""
    count, first = len(column), int(column[0])
    distance = int(column[1]) - first if count > 1 else 0
    if bool((column[1:] - column[:-1] == distance).all()):
        return _EVEN_INTS, _EVEN.pack(first, distance, count)
    return _INTS, _compress(column)


def _pack_floats(column: NDArray[Any]) -> tuple[int, bytes]:
    if len(column) == 0:
        return _EMPTY, b""
    singles = column.astype(np.float32)
    again = singles.astype(np.float64)
    exact = again.tobytes() == column.tobytes()  # bits, because NaN is not itself
    return (_SINGLES, _compress(singles)) if exact else (_DOUBLES, _compress(column))


def _unpack_column(kind: int, data: bytes) -> NDArray[Any]:
    if kind == _EMPTY:
        return np.empty(0)
    if kind == _EVEN_INTS:
        first, distance, count = _EVEN.unpack(data)
        return np.int64(first) + np.arange(count, dtype=np.int64) * np.int64(distance)
    if kind not in (_INTS, _DOUBLES, _SINGLES):
        raise CodecError(f"column of unknown kind {kind}")
    found = _decompress(data)
    return found.astype(np.float64) if kind == _SINGLES else found


def _compress(column: NDArray[Any]) -> bytes:
    return bytes(standalone.simple_compress(np.require(column, requirements=["C", "A"]), _LEVEL))


def _decompress(data: bytes) -> NDArray[Any]:
    try:
        found = standalone.simple_decompress(data)
    except RuntimeError as error:
        raise CodecError("sealed points are damaged") from error
    if found is None:
        raise CodecError("sealed points are cut off")
    return np.asarray(found)
