"""What this server has to tell the others on its database, gathered until the next letter goes out.

A letter says what is new, not what it contains: the others read that in the database, if they want
it at all. News of one stream that wait together become one.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable

import msgspec

from nanwatch.events import RunEnded, RunStarted
from nanwatch_monitor.incidents import Incident
from nanwatch_monitor.store.receipts import Receipt


class Frames(msgspec.Struct, frozen=True, array_like=True, tag="frames"):
    """New frames of a stream.

    Attributes:
        first: the number of the first one.
        last: the number of the last one.
        turns: whether the run began or ended with them.
    """

    stream_id: int
    run_id: str
    first: int
    last: int
    turns: bool


class Opened(msgspec.Struct, frozen=True, array_like=True, tag="incident"):
    """An incident was opened, or is better understood."""

    incident_id: int


class Edited(msgspec.Struct, frozen=True, array_like=True, tag="edited"):
    """Somebody renamed, tagged, pinned or noted a run."""

    run_id: str


class Deleted(msgspec.Struct, frozen=True, array_like=True, tag="deleted"):
    """A run was deleted."""

    run_id: str


class Channel(msgspec.Struct, frozen=True, array_like=True, tag="channel"):
    """A channel was set up, changed or removed, begins to fail, or works again."""

    channel_id: str


News = Frames | Opened | Edited | Deleted | Channel


class Letter(msgspec.Struct, frozen=True, array_like=True):
    """What goes over the wire.

    Attributes:
        sender: the instance that wrote it.
    """

    sender: str
    news: tuple[News, ...]


class Postbag:
    """Gathers news. From any thread.

    Args:
        sender: this server's instance.
        max_bytes: how long a letter may be.
    """

    def __init__(self, sender: str, max_bytes: int) -> None:
        self._sender, self._max_bytes = sender, max_bytes
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, News] = {}  # in the order of arrival

    def frames(self, run_id: str, receipt: Receipt) -> None:
        """New frames of a run were committed."""
        said = (event for frame in receipt.fresh for event in frame.events)
        turns = any(isinstance(event, RunStarted | RunEnded) for event in said)
        first = receipt.fresh[0].seq
        with self._lock:
            known = self._waiting.get(receipt.stream_id)
            if isinstance(known, Frames):
                first, turns = min(first, known.first), turns or known.turns
            new = Frames(receipt.stream_id, run_id, first, receipt.acked, turns)
            self._waiting[receipt.stream_id] = new

    def incidents(self, incidents: Iterable[Incident]) -> None:
        """Incidents were opened or changed."""
        with self._lock:
            for incident in incidents:
                self._waiting["incident", incident.id] = Opened(incident.id)

    def edited(self, run_id: str) -> None:
        """A run was renamed, tagged, pinned or noted."""
        with self._lock:
            self._waiting["edited", run_id] = Edited(run_id)

    def deleted(self, run_id: str) -> None:
        """A run was deleted."""
        with self._lock:
            self._waiting["deleted", run_id] = Deleted(run_id)

    def channel(self, channel_id: str) -> None:
        """A channel was set up, changed or removed, begins to fail, or works again."""
        with self._lock:
            self._waiting["channel", channel_id] = Channel(channel_id)

    def next_letter(self) -> str | None:
        """What has waited longest, as much as one letter takes; None when nothing waits."""
        with self._lock:
            chosen = self._first_that_fit()
            if not chosen:
                return None
            letter = Letter(self._sender, tuple(self._waiting.pop(key) for key in chosen))
        return msgspec.json.encode(letter).decode("ascii")

    def _first_that_fit(self) -> list[Hashable]:
        room = self._max_bytes - len(msgspec.json.encode(Letter(self._sender, ())))
        chosen: list[Hashable] = []
        for key, news in self._waiting.items():
            room -= len(msgspec.json.encode(news)) + 1
            if room < 0:
                break
            chosen.append(key)
        return chosen


def read_letter(words: str) -> Letter | None:
    """A letter, or None when it is none that this version can read."""
    try:
        return msgspec.json.decode(words, type=Letter)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
