"""Hosts the brain: one watcher a stream, in a thread of its own, off the acknowledge path.

The log says everything: a watcher reads the frames that it has not judged yet, and what it finds
is written with how far it came in one transaction. Frames without a finding need no record of
their own, because judged again after a crash they say the same. What was judged is sealed from time
to time, in the same thread, so that nothing is sealed that a brain has not seen; and all of it when
a run is over.

Of several servers on one database, one has the claim to a stream and judges it, whoever took its
frames in. What a dead one leaves is found by looking around.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy.exc import NoResultFound, SQLAlchemyError

from nanwatch.wire import Frame, WireError
from nanwatch_monitor.brains import Brain, Watched, was_sealed_elsewhere, woken
from nanwatch_monitor.incidents import Incident
from nanwatch_monitor.series.codec import CodecError
from nanwatch_monitor.series.frame_cache import FrameCache
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.log import READ_FRAMES
from nanwatch_monitor.store.receipts import Receipt

MAX_WATCHERS = 1000
UNRECORDED_FRAMES = 64
RETRY_S = 1.0
PACE_S = 0.05
DUE_S = 10.0

log = logging.getLogger(__name__)


class _Mark(NamedTuple):
    """What there is to do for a stream.

    Attributes:
        upto: the last frame that is known to be in the log; infinite: look how many there are.
        whole: seal all of it.
    """

    upto: float
    whole: bool

    def joined(self, other: _Mark) -> _Mark:
        """What there is to do when both is."""
        return _Mark(max(self.upto, other.upto), self.whole or other.whole)


class Watch:
    """Watches every stream that is marked.

    Args:
        make_brain: a new watcher.
        opened: called with the incidents that were opened or changed.
        clock: seconds since 1970.
        cache: frames of the log that are decoded already.
    """

    def __init__(
        self,
        store: Store,
        make_brain: Callable[[], Brain],
        opened: Callable[[Sequence[Incident]], None],
        clock: Callable[[], float],
        cache: FrameCache | None = None,
    ) -> None:
        self._store, self._cache, self._make_brain = store, cache or FrameCache(), make_brain
        self._opened, self._clock = opened, clock
        self._watched: OrderedDict[int, Watched] = OrderedDict()
        self._claims = store.claims
        self._marks: dict[int, _Mark] = {}  # in order
        self._asked_at = float("-inf")
        self._suspected: set[int] = set()
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nanwatch-watch", daemon=True)

    def start(self) -> None:
        """Begin with what came in while nobody watched."""
        for head in self._store.log.unwatched():
            self.mark(head.id)
        self._thread.start()

    @property
    def works(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    def committed(self, _run_id: str, receipt: Receipt) -> None:
        """New frames of a stream are in the log."""
        self.mark(receipt.stream_id, upto=receipt.acked)

    def mark(self, stream_id: int, whole: bool = False, upto: float = math.inf) -> None:
        """A stream has new frames, or the `whole` of it is to be sealed.

        Args:
            upto: the last frame, where it is known.
        """
        new = _Mark(upto, whole)
        with self._news:
            self._marks[stream_id] = new.joined(self._marks.get(stream_id, new))
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

        Whoever has just taken frames in may not have got to the claim yet: without a judge is a
        stream that had none at the last look either.

        Returns:
            The runs of the streams without a judge.
        """
        heads = {head.id: head for head in self._store.log.unwatched()}
        suspected, self._suspected = self._suspected, set(self._claims.abandoned(heads))
        abandoned = suspected & self._suspected
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
            self._mark_due()
            for stream_id, mark in self._marked().items():
                self._look_after(stream_id, mark)
            # A short rest, so that streams that report often are read in larger pieces.
            self._stopping.wait(PACE_S)
        self._claims.close()

    def _mark_due(self) -> None:
        """Ask now and then which streams are over, or were left unsealed by a server that ended."""
        if time.monotonic() - self._asked_at < DUE_S:
            return
        self._asked_at = time.monotonic()
        try:
            for stream_id in self._store.series.due(self._clock()):
                self.mark(stream_id, whole=True)
        except SQLAlchemyError as error:
            log.warning("sealing waits for the database: %s", type(error).__name__)

    def _marked(self) -> dict[int, _Mark]:
        """The marked streams in order; waits for one, but not for ever."""
        with self._news:
            self._news.wait_for(lambda: self._marks or self._stopping.is_set(), timeout=DUE_S)
            marked, self._marks = self._marks, {}
        return {} if self._stopping.is_set() else marked

    def _look_after(self, stream_id: int, mark: _Mark) -> None:
        try:
            self._catch_up(stream_id, mark)
        except NoResultFound:  # its run was deleted
            self._watched.pop(stream_id, None)
            with suppress(SQLAlchemyError):  # without a connection there is no claim either
                self._claims.give_back(stream_id)
        except SQLAlchemyError as error:
            log.warning("watching waits for the database: %s", type(error).__name__)
            self._watched.pop(stream_id, None)
            self._stopping.wait(RETRY_S)
            self.mark(stream_id)
        except (WireError, CodecError):
            log.exception("stream %d cannot be read and is left alone", stream_id)

    def _catch_up(self, stream_id: int, mark: _Mark) -> None:
        if not self._claims.take(stream_id):  # another server judges it
            self._watched.pop(stream_id, None)
            return
        watched = self._watched.get(stream_id)
        if watched is None:
            watched = woken(self._store.series, stream_id, self._make_brain())
        self._watched[stream_id] = watched
        self._watched.move_to_end(stream_id)
        self._judge_all(watched, mark)
        if len(self._watched) > MAX_WATCHERS:
            self._let_go(next(iter(self._watched)))

    def _judge_all(self, watched: Watched, mark: _Mark) -> None:
        """Judge what is there; after a piece that was sealed, others have their turn first.

        What comes in meanwhile waits for its own turn, so that it is taken in larger pieces.
        """
        while watched.fed < mark.upto and not self._stopping.is_set():
            frames = self._behind(watched)
            if not frames:
                break
            hole = frames[0].seq > watched.fed + 1
            if hole and was_sealed_elsewhere(self._store.series, watched):
                self._start_over(watched)
                return
            if not self._judge(watched, frames):
                return
            if watched.is_due:
                if self._seal(watched):
                    self.mark(watched.stream_id, mark.whole, mark.upto)
                return
        if mark.whole and not self._seal(watched):
            return
        if mark.whole or watched.ended:
            self._let_go(watched.stream_id)

    def _behind(self, watched: Watched) -> Sequence[Frame]:
        """The next frames of a stream: what was just taken in here need not be read."""
        known = self._cache.behind(watched.token, watched.fed, READ_FRAMES)
        return known or self._store.log.frames(watched.stream_id, after=watched.fed)

    def _seal(self, watched: Watched) -> bool:
        """Seal what was judged. False when it could not be; it is tried again when it is due."""
        if not watched.seal(self._store.series, self._cache):
            self._watched.pop(watched.stream_id)
            return False
        return True

    def _start_over(self, watched: Watched) -> None:
        """Another server was faster: see what it has left."""
        self._watched.pop(watched.stream_id)
        self.mark(watched.stream_id)

    def _let_go(self, stream_id: int) -> None:
        """Note how far a stream was judged, and leave it to whoever comes next."""
        watched = self._watched.pop(stream_id)
        if watched.fed > watched.recorded:
            seen = (watched.recorded, watched.fed)
            self._store.incidents.record(stream_id, seen, (), self._clock())
        self._claims.give_back(stream_id)

    def _judge(self, watched: Watched, frames: Sequence[Frame]) -> bool:
        """Feed frames and record what they show. False when another server was faster."""
        findings = watched.feed(frames)
        unrecorded = watched.fed - watched.recorded
        if unrecorded <= 0 or not (findings or watched.ended or unrecorded >= UNRECORDED_FRAMES):
            return True
        seen = (watched.recorded, watched.fed)
        changed = self._store.incidents.record(watched.stream_id, seen, findings, self._clock())
        if changed is None:
            self._start_over(watched)
            return False
        watched.recorded = watched.fed
        if changed:
            self._opened(changed)
        return True
