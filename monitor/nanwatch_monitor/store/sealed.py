"""What is known of sealed points: streams, series, and their rows of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SealedStream:
    """How far the frames of a stream were judged, and how far they have become chunks."""

    id: int
    token: str
    watched_seq: int
    sealed_seq: int


@dataclass(frozen=True)
class SealedSeries:
    """Sealed points of one name with ever higher steps.

    Attributes:
        no: its number within the stream; a later one lies on top of an earlier one.
        n: all its points.
        low, high: of the finite ones, None without one.
        last: the value of the last one.
        thinned: of how many points, from the first on, only rollups are kept.
    """

    stream_id: int
    no: int
    name: str
    first_step: int
    last_step: int
    n: int
    n_nan: int
    n_pinf: int
    n_ninf: int
    low: float | None
    high: float | None
    last: float
    thinned: int = 0


@dataclass(frozen=True)
class Node:
    """A row of chunks (level 0) or rollups; `n0` points of its series come before it."""

    level: int
    n0: int
    first_step: int
    last_step: int
    data: bytes


@dataclass(frozen=True)
class Sealing:
    """All that becomes of the frames behind number `before` up to `upto`.

    Attributes:
        memory: what the brain remembers at `upto`.
        series: all that have new points, with those that fill no chunk yet.
        nodes: new rows, each with the number of its series.
        remarks: frames without their points, by their number.
    """

    stream_id: int
    before: int
    upto: int
    memory: bytes
    series: Sequence[tuple[SealedSeries, bytes]]
    nodes: Sequence[tuple[int, Node]]
    remarks: Sequence[tuple[int, bytes]]
