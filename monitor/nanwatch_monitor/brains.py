"""Brains: one a stream, lasting from one server to the next.

What a brain remembers is stored with what is sealed. A brain that was lost, by a restart or for
want of memory, goes on from there: it is fed the frames of the open log once more, in silence.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from nanwatch import wire
from nanwatch.blocks import joined
from nanwatch.events import Diagnosed, Diagnosis, Event, Points, RunEnded
from nanwatch.memory import ForgottenError
from nanwatch.step_times import TIME
from nanwatch_monitor.incidents import Finding
from nanwatch_monitor.series.frame_cache import FrameCache
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.series.tree import CHUNK
from nanwatch_monitor.store.series import MANY_FRAMES, SeriesStore

ENOUGH_POINTS, MOST_POINTS = 65_536, 1_048_576
"""From so many unsealed points on sealing is worth a transaction, and does not wait for rows."""

log = logging.getLogger(__name__)


class Brain(Protocol):
    """What judges a stream: `nanwatch.lasting_watcher.LastingWatcher`."""

    def feed(self, event: Event, /) -> tuple[Diagnosis, ...]:
        """Take an event; return the diagnoses that it proves."""

    def remembered(self) -> bytes:
        """All that it knows by now."""

    def recall(self, remembered: bytes, /) -> None:
        """Know what another one knew. Raises ForgottenError when that was of another version."""


@dataclass
class Watched:
    """A stream and its brain.

    Attributes:
        sealed: the last frame that is sealed.
        fed: the last frame that the brain was fed.
        recorded: the last frame that the store knows to be judged.
        rows: how many rows of points were fed that fill no chunk yet.
        points: how many points were fed that are not sealed.
        ended: whether the last frame ended the run.
        told_at: the latest moment that the training told, by its own clock; None: it told none.
    """

    stream_id: int
    token: str
    brain: Brain
    sealed: int
    fed: int
    recorded: int
    rows: int = 0
    points: int = 0
    ended: bool = False
    told_at: float | None = None

    def feed(self, frames: Sequence[wire.Frame]) -> list[Finding]:
        """Feed frames in order; what they show that was not recorded before."""
        if not frames:
            return []
        _findings(self.brain, [frame for frame in frames if frame.seq <= self.recorded])
        found = _findings(self.brain, [frame for frame in frames if frame.seq > self.recorded])
        self.told_at = _told_at(frames) or self.told_at
        self.rows += sum(map(_rows, frames))
        self.points += sum([frame.n_points for frame in frames])
        self.fed = frames[-1].seq
        self.ended = any(isinstance(event, RunEnded) for event in frames[-1].events)
        return [replace(finding, at=self.told_at) for finding in found]

    @property
    def is_due(self) -> bool:
        """Whether there is enough for good chunks, and to be worth a transaction."""
        many = self.fed - self.sealed >= MANY_FRAMES or self.points >= MOST_POINTS
        return many or (self.rows >= CHUNK and self.points >= ENOUGH_POINTS)

    def seal(self, store: SeriesStore, cache: FrameCache) -> bool:
        """Seal what was fed. False when another server did so first; then start over."""
        if self.fed == self.sealed:
            return True
        if not seal(store, self.stream_id, self.fed, self.brain.remembered(), cache):
            return False
        cache.drop(self.token, self.sealed + 1, self.fed)
        self.sealed, self.recorded = self.fed, max(self.fed, self.recorded)
        self.rows, self.points = self.rows % CHUNK, 0
        return True


def woken(store: SeriesStore, stream_id: int, brain: Brain) -> Watched:
    """A stream with a brain that knows what was sealed. Raises NoResultFound."""
    with store.snapshot() as snapshot:
        stream = snapshot.stream(stream_id)
        remembered = snapshot.memory(stream_id)
        remarks = [wire.decode(data) for data in snapshot.remarks(stream_id)]
    try:
        if remembered is not None:
            brain.recall(remembered)
    except ForgottenError:  # of the past, facts and diagnoses are known at least
        _findings(brain, remarks)
    sealed = stream.sealed_seq
    return Watched(stream_id, stream.token, brain, sealed, sealed, stream.watched_seq)


def was_sealed_elsewhere(store: SeriesStore, watched: Watched) -> bool:
    """Whether another server has sealed frames that this brain was not fed."""
    with store.snapshot() as snapshot:
        return snapshot.stream(watched.stream_id).sealed_seq > watched.fed


def _rows(frame: wire.Frame) -> int:
    """How many rows of points a frame has; many series come as several blocks of the same steps."""
    blocks = [event.steps for event in frame.events if isinstance(event, Points)]
    if len(blocks) < 2:
        return sum(map(len, blocks))
    return sum({steps.tobytes(): len(steps) for steps in blocks}.values())


def _told_at(frames: Sequence[wire.Frame]) -> float | None:
    """The latest moment in frames (see `nanwatch.step_times`)."""
    blocks = (event for frame in frames for event in frame.events if isinstance(event, Points))
    times = (float(block.values[TIME][-1]) for block in blocks if TIME in block.values)
    return max(filter(math.isfinite, times), default=None)


def _findings(brain: Brain, frames: Sequence[wire.Frame]) -> list[Finding]:
    found: list[Finding] = []
    for event in joined(event for frame in frames for event in frame.events):
        if isinstance(event, Diagnosed):
            found.append(Finding(event.diagnosis, "client"))
        try:
            found += [Finding(diagnosis, "server") for diagnosis in brain.feed(event)]
        except Exception:  # one fault in one rule must not end the watch over all runs
            log.exception("a rule failed on frames %d to %d", frames[0].seq, frames[-1].seq)
    return found
