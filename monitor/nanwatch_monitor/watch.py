"""Hosts the brain: one watcher a stream, in a thread of its own, off the acknowledge path.

The log says everything: a watcher reads the frames that it has not judged yet, and what it finds
is written with how far it came in one transaction. Frames without a finding need no record of
their own, because judged again after a crash they say the same. A watcher that was lost, by a
restart or for want of memory, is rebuilt from the log without recording anything twice.

Of several servers on one database, one has the claim to a stream and judges it, whoever took its
frames in. What a dead one leaves is found by looking around.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.exc import NoResultFound, SQLAlchemyError

from nanwatch.events import Diagnosed, Diagnosis, Event, RunEnded
from nanwatch.wire import Frame, WireError
from nanwatch_monitor.incidents import Finding, Incident
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.log import Receipt

MAX_WATCHERS = 1000
UNRECORDED_FRAMES = 64
RETRY_S = 1.0
PACE_S = 0.05

log = logging.getLogger(__name__)


class Brain(Protocol):
    """What judges a stream: `nanwatch.watcher.Watcher`."""

    def feed(self, event: Event, /) -> tuple[Diagnosis, ...]:
        """Take an event; return the diagnoses that it proves."""


@dataclass
class _Watched:
    """A stream's brain, the last frame it was fed, and the last one that the store knows of."""

    brain: Brain
    fed: int
    recorded: int


class Watch:
    """Watches every stream that is marked.

    Args:
        make_brain: a new watcher.
        opened: called with the incidents that were opened or changed.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        make_brain: Callable[[], Brain],
        opened: Callable[[Sequence[Incident]], None],
        clock: Callable[[], float],
    ) -> None:
        self._store, self._make_brain, self._opened, self._clock = store, make_brain, opened, clock
        self._watched: OrderedDict[int, _Watched] = OrderedDict()
        self._claims = store.claims
        self._marks: dict[int, None] = {}  # a set that keeps the order
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nanwatch-watch", daemon=True)

    def start(self) -> None:
        """Begin with what came in while nobody watched."""
        for head in self._store.log.unwatched():
            self.mark(head.id)
        self._thread.start()

    def committed(self, _run_id: str, receipt: Receipt) -> None:
        """New frames of a stream are in the log."""
        self.mark(receipt.stream_id)

    def mark(self, stream_id: int) -> None:
        """A stream has new frames."""
        with self._news:
            self._marks[stream_id] = None
            self._news.notify()

    def backlog(self) -> int:
        """How many frames were not judged yet. From any thread."""
        return sum(
            head.last_seq - max(head.watched_seq, self.judged(head.id))
            for head in self._store.log.unwatched()
        )

    def judged(self, stream_id: int) -> int:
        """The last frame that was judged here, or -1; the store hears of it later."""
        watched = self._watched.get(stream_id)
        return -1 if watched is None else watched.fed

    def look_around(self) -> list[str]:
        """Mark what nobody told us of: new frames of our streams, and streams without a judge.

        Returns:
            The runs of the streams without a judge.
        """
        heads = {head.id: head for head in self._store.log.unwatched()}
        abandoned = self._claims.abandoned(heads)
        behind = [head.id for head in heads.values() if -1 < self.judged(head.id) < head.last_seq]
        for stream_id in (*behind, *abandoned):
            self.mark(stream_id)
        return [heads[stream_id].run_id for stream_id in abandoned]

    def stop(self) -> None:
        """Finish the frames at hand and leave; the rest is found at the next start."""
        with self._news:
            self._stopping.set()
            self._news.notify()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            for stream_id in self._marked():
                self._look_after(stream_id)
            # A short rest, so that streams that report often are read in larger pieces.
            self._stopping.wait(PACE_S)
        self._claims.close()

    def _marked(self) -> list[int]:
        """The marked streams in order; waits until there is one."""
        with self._news:
            self._news.wait_for(lambda: self._marks or self._stopping.is_set())
            marked, self._marks = self._marks, {}
        return [] if self._stopping.is_set() else list(marked)

    def _look_after(self, stream_id: int) -> None:
        try:
            self._catch_up(stream_id)
        except NoResultFound:  # its run was deleted
            self._watched.pop(stream_id, None)
            with suppress(SQLAlchemyError):  # without a connection there is no claim either
                self._claims.give_back(stream_id)
        except SQLAlchemyError as error:
            log.warning("watching waits for the database: %s", type(error).__name__)
            self._watched.pop(stream_id, None)
            self._stopping.wait(RETRY_S)
            self.mark(stream_id)
        except WireError:
            log.exception("stream %d cannot be read and is left alone", stream_id)

    def _catch_up(self, stream_id: int) -> None:
        if not self._claims.take(stream_id):  # another server judges it
            self._watched.pop(stream_id, None)
            return
        watched = self._watched.get(stream_id) or self._rebuilt(stream_id)
        self._watched[stream_id] = watched
        self._watched.move_to_end(stream_id)
        while not self._stopping.is_set():
            frames = self._store.log.frames(stream_id, after=watched.fed)
            if not frames or not self._judge(stream_id, watched, frames):
                break
        if len(self._watched) > MAX_WATCHERS:
            self._let_go(next(iter(self._watched)))

    def _let_go(self, stream_id: int) -> None:
        """Note how far a stream was judged, and leave it to whoever comes next."""
        watched = self._watched.pop(stream_id)
        if watched.fed > watched.recorded:
            seen = (watched.recorded, watched.fed)
            self._store.incidents.record(stream_id, seen, (), self._clock())
        self._claims.give_back(stream_id)

    def _rebuilt(self, stream_id: int) -> _Watched:
        """A watcher that knows what was judged before."""
        upto = self._store.log.head(stream_id).watched_seq
        watched = _Watched(self._make_brain(), fed=-1, recorded=upto)
        while not self._stopping.is_set():
            frames = self._store.log.frames(stream_id, after=watched.fed)
            known = [frame for frame in frames if frame.seq <= upto]
            if not known:
                break
            for frame in known:
                _findings(watched.brain, frame)
            watched.fed = known[-1].seq
        return watched

    def _judge(self, stream_id: int, watched: _Watched, frames: Sequence[Frame]) -> bool:
        """Feed frames and record what they show. False when the stream is left alone from now."""
        findings = [finding for frame in frames for finding in _findings(watched.brain, frame)]
        watched.fed = frames[-1].seq
        ended = any(isinstance(event, RunEnded) for event in frames[-1].events)
        if not (findings or ended or watched.fed - watched.recorded >= UNRECORDED_FRAMES):
            return True
        seen = (watched.recorded, watched.fed)
        changed = self._store.incidents.record(stream_id, seen, findings, self._clock())
        if changed is None:  # another process was faster: see what it has left
            del self._watched[stream_id]
            self.mark(stream_id)
            return False
        watched.recorded = watched.fed
        if changed:
            self._opened(changed)
        if ended:
            self._let_go(stream_id)
        return not ended


def _findings(brain: Brain, frame: Frame) -> list[Finding]:
    found: list[Finding] = []
    for event in frame.events:
        if isinstance(event, Diagnosed):
            found.append(Finding(event.diagnosis, "client"))
        try:
            found += [Finding(diagnosis, "server") for diagnosis in brain.feed(event)]
        except Exception:  # one fault in one rule must not end the watch over all runs
            log.exception("a rule failed on frame %d of a stream", frame.seq)
    return found
