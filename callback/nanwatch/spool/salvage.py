"""What the spool does with damage and loss. Pure: bytes and frames in, bytes and frames out.

A stream's frames are numbered without gaps, and the server insists on it. So whatever is lost -
a segment that had to go, a damaged record, a frame that the server refuses - leaves a stand-in
with the same number, which says what is missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nanwatch import wire
from nanwatch.events import Event, Gap, Heartbeat, Points, RunStarted


@dataclass(frozen=True)
class Record:
    """A frame as it lies in the spool: its number and its own bytes."""

    seq: int
    raw: bytes


@dataclass(frozen=True)
class Damage:
    """Bytes of a spool file that are no frame."""

    raw: bytes


def salvage(data: bytes) -> Iterator[Record | Damage]:
    """Cut bytes into whole frames and the damage between them.

    A torn tail, the mark of a crash in the middle of a write, is left out without a word.
    """
    at = 0
    while at < len(data):
        record = _record_at(data, at)
        if record is not None:
            yield record
            at += len(record.raw)
            continue
        following = _next_record(data, at + 1)
        if following is None and _is_torn(data[at:]):
            return
        end = len(data) if following is None else following
        yield Damage(data[at:end])
        at = end


def _record_at(data: bytes, at: int) -> Record | None:
    try:
        size = wire.frame_size(data[at : at + wire.HEAD_SIZE])
        (raw,) = wire.split(data[at : at + size])
        return Record(wire.identity(raw)[2], raw)
    except wire.WireError:
        return None


def _next_record(data: bytes, at: int) -> int | None:
    while (at := data.find(wire.MAGIC, at)) >= 0:
        if _record_at(data, at) is not None:
            return at
        at += 1
    return None


def _is_torn(tail: bytes) -> bool:
    try:
        return wire.frame_size(tail[: wire.HEAD_SIZE]) > len(tail)
    except wire.TruncatedFrameError:
        return True
    except wire.WireError:
        return False


def thinned(raw: bytes) -> bytes:
    """The stand-in for a frame whose points must go: its Gap, and every event that is no point."""
    frame = wire.decode(raw)
    kept = tuple(event for event in frame.events if not isinstance(event, Points | Heartbeat))
    return wire.encode(replace(frame, events=kept + _gap(frame.events)))


def thinned_or_same(raw: bytes) -> bytes:
    """The stand-in for a frame whose points must go, or the bytes when they are no frame."""
    try:
        return thinned(raw)
    except wire.WireError:
        return raw


def merged(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Neighbours that say nothing but what is missing as one, with the number of the last.

    The reader bridges the others.
    """
    for only_gaps, neighbours in itertools.groupby(frames, key=_says_only_gaps):
        found = list(neighbours)
        yield from [_summed(found)] if only_gaps else found


def _says_only_gaps(raw: bytes) -> bool:
    try:
        return all(isinstance(event, Gap) for event in wire.decode(raw).events)
    except wire.WireError:
        return False


def _summed(raws: list[bytes]) -> bytes:
    frames = [wire.decode(raw) for raw in raws]
    gaps = [event for frame in frames for event in frame.events if isinstance(event, Gap)]
    firsts, lasts = [gap.first_step for gap in gaps], [gap.last_step for gap in gaps]
    total = (Gap(sum(gap.n for gap in gaps), min(firsts), max(lasts)),) if gaps else ()
    return wire.encode(replace(frames[-1], events=total))


def bare(raw: bytes, introduction: bytes | None) -> bytes:
    """The stand-in for a frame that the server refuses: nothing but what is missing.

    The first frame of a stream keeps its introduction, in the plainest words.
    """
    run_id, stream, seq = wire.identity(raw)
    try:
        lost = _gap(wire.decode(raw).events)
    except wire.WireError:
        lost = ()
    opening = (_plainest(run_id, introduction),) if seq == 0 else ()
    return wire.encode(wire.Frame(run_id, stream, seq, opening + lost))


def bridge(
    missing: range, before: bytes | None, after: bytes, introduction: bytes | None
) -> Iterator[Record]:
    """Stand-ins for frames that vanished between two that are there.

    Args:
        missing: the numbers of the frames that vanished.
        before: the last frame before them, or None.
        after: the first frame behind them.
        introduction: a copy of frame 0, or None.
    """
    run_id, stream, _ = wire.identity(after)
    lost = _steps_between(before, after)
    for seq in missing:
        if seq == 0 and introduction is not None:
            yield Record(0, introduction)
            continue
        opening: tuple[Event, ...] = (_plainest(run_id, None),) if seq == 0 else ()
        found = opening + (lost if seq == missing.start else ())
        yield Record(seq, wire.encode(wire.Frame(run_id, stream, seq, found)))


def _plainest(run_id: str, introduction: bytes | None) -> RunStarted:
    # What nobody knows any more, joins the run whether or not it is over.
    fallback = RunStarted(name=run_id, project="default", resumes=True)
    try:
        first = wire.decode(introduction).events[0] if introduction else fallback
    except (wire.WireError, IndexError):
        return fallback
    if not isinstance(first, RunStarted):
        return fallback
    return RunStarted(first.name, first.project, started_at=first.started_at, resumes=first.resumes)


def _gap(events: Iterable[Event]) -> tuple[Gap, ...]:
    blocks = [event for event in events if isinstance(event, Points)]
    if not blocks:
        return ()
    # Epochs count by themselves; they would stretch the range of global steps to its beginning.
    timed = [block for block in blocks if not _is_epochs(block)] or blocks
    first = min(int(block.steps.min()) for block in timed)
    last = max(int(block.steps.max()) for block in timed)
    return (Gap(sum(len(block.steps) * len(block.values) for block in blocks), first, last),)


def _is_epochs(block: Points) -> bool:
    return all(name.startswith("epoch/") for name in block.values)


def _steps_between(before: bytes | None, after: bytes) -> tuple[Gap, ...]:
    """The global steps that neither neighbour has: at least so many points are missing."""
    left, right = _gap_of(before), _gap_of(after)
    if left is None or right is None or right.first_step - left.last_step < 2:
        return ()
    first, last = left.last_step + 1, right.first_step - 1
    return (Gap(last - first + 1, first, last),)


def _gap_of(raw: bytes | None) -> Gap | None:
    try:
        found = _gap(wire.decode(raw).events) if raw else ()
    except wire.WireError:
        return None
    return found[0] if found else None
