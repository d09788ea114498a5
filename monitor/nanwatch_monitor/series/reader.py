"""Reads curves out of the log and remembers what it has decoded.

The log holds frames; a chart wants one series. The columns of a stream are decoded once and
followed as the log grows; when the memory for them is used up, the streams that were asked for
longest ago are forgotten and decoded again when needed. After a restart everything is read anew.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from nanwatch import events
from nanwatch_monitor.series.columns import Column, Curve, Steps, Values, merged
from nanwatch_monitor.store.log import BatchLog, StreamHead

CACHE_BYTES = 256 * 1024 * 1024


class StreamColumns:
    """All series of one stream, as far as they were followed.

    Attributes:
        nbytes: the memory that the columns take.
    """

    def __init__(self) -> None:
        self.nbytes = 0
        self._seq = -1
        self._lock = threading.Lock()
        self._columns: dict[str, Column] = {}

    def names(self) -> list[str]:
        """The names of the series in order of appearance."""
        return list(self._columns)

    def column(self, name: str) -> Column | None:
        """One series, or None."""
        return self._columns.get(name)

    def follow(self, log: BatchLog, head: StreamHead) -> None:
        """Decode what the log has got since the last time."""
        with self._lock:
            while self._seq < head.last_seq:
                frames = log.frames(head.id, after=self._seq)
                if not frames:  # the log is damaged; what there is can be shown
                    return
                for frame in frames:
                    self._take(frame.events)
                    self._seq = frame.seq

    def _take(self, said: tuple[events.Event, ...]) -> None:
        for event in said:
            if isinstance(event, events.Points):
                for name, values in event.values.items():
                    self._extend(name, event.steps, values)

    def _extend(self, name: str, steps: Steps, values: Values) -> None:
        column = self._columns.get(name)
        before = column.nbytes if column else 0
        if column is None:
            column = self._columns[name] = Column()
        column.extend(steps, values)
        self.nbytes += column.nbytes - before


class SeriesReader:
    """Curves of runs.

    Args:
        log: where the frames are.
        cache_bytes: how much memory decoded columns may take.
    """

    def __init__(self, log: BatchLog, cache_bytes: int = CACHE_BYTES) -> None:
        self._log = log
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._streams: OrderedDict[int, StreamColumns] = OrderedDict()

    def names(self, run_id: str) -> list[str]:
        """The names of a run's series in order of appearance."""
        return list(dict.fromkeys(name for part in self._follow(run_id) for name in part.names()))

    def curve(self, run_id: str, name: str) -> Curve | None:
        """One series of a run, or None when it has no such series."""
        found = [part.column(name) for part in self._follow(run_id)]
        parts = [column.view() for column in found if column is not None]
        return merged(parts) if parts else None

    def curves(self, run_id: str) -> dict[str, Curve]:
        """Every series of a run."""
        parts = self._follow(run_id)
        names = dict.fromkeys(name for part in parts for name in part.names())
        found = {name: [part.column(name) for part in parts] for name in names}
        return {
            name: merged([column.view() for column in columns if column is not None])
            for name, columns in found.items()
        }

    def _follow(self, run_id: str) -> list[StreamColumns]:
        """The up-to-date columns of a run's streams, in order of the streams' arrival."""
        parts = []
        for head in self._log.heads(run_id):
            part = self._columns_of(head.id)
            part.follow(self._log, head)
            parts.append(part)
        self._forget()
        return parts

    def _columns_of(self, stream_id: int) -> StreamColumns:
        with self._lock:
            part = self._streams.setdefault(stream_id, StreamColumns())
            self._streams.move_to_end(stream_id)
            return part

    def _forget(self) -> None:
        with self._lock:
            used = sum(part.nbytes for part in self._streams.values())
            while used > self._cache_bytes and self._streams:
                _, forgotten = self._streams.popitem(last=False)
                used -= forgotten.nbytes
