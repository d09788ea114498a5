"""Several servers on one database: each hears what happens at the others.

What was committed anywhere is shown to the pages that are open here, and judged here when the
stream is ours. A letter may be lost with its sender or a connection, so every second this
server looks around for frames that nobody told of and streams that a dead server has left.
"""

from __future__ import annotations

import logging
import threading
import time

from nanwatch.events import Points
from nanwatch_monitor.announce import Pages
from nanwatch_monitor.postbag import (
    Channel,
    Deleted,
    Edited,
    Frames,
    News,
    Opened,
    Postbag,
    read_letter,
)
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.log import READ_FRAMES
from nanwatch_monitor.store.notices import Notices, Receive
from nanwatch_monitor.watch import Watch

PACE_S = 0.15
LOOK_AROUND_S = 1.0
RETRY_S = 1.0

log = logging.getLogger(__name__)


class Peers:
    """A thread that sends this server's letters and reads those of the others.

    Args:
        instance: what this server signs with.
        postbag: where news of this server wait.
    """

    def __init__(
        self, instance: str, store: Store, watch: Watch, pages: Pages, postbag: Postbag
    ) -> None:
        self._instance, self._store, self._watch = instance, store, watch
        self._pages, self._postbag = pages, postbag
        self._notices = Notices(store.database)
        self._unsent: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nanwatch-peers", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Send what waits and leave."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        missed = False
        while not self._stopping.is_set():
            try:
                with self._notices.listening() as receive:
                    if missed:  # what happened elsewhere meanwhile was not shown
                        self._pages.hub.send_back()
                    self._exchange(receive)
            except self._notices.errors as error:
                log.warning("other servers are not heard: %s", type(error).__name__)
                self._stopping.wait(RETRY_S)
                missed = True

    def _exchange(self, receive: Receive) -> None:
        looked_at = float("-inf")
        while not self._stopping.is_set():
            if time.monotonic() - looked_at >= LOOK_AROUND_S:
                self._look_around()
                looked_at = time.monotonic()
            for words in receive(PACE_S):
                self._read(words)
            self._send()

    def _look_around(self) -> None:
        """A server that died may have kept its last news to itself: pages read them anew."""
        for run_id in self._watch.look_around():
            self._pages.news.heard(run_id, urgent=False)
            self._pages.hub.send_back(run_id)

    def _send(self) -> None:
        self._unsent = self._unsent or self._postbag.next_letter()
        if self._unsent is not None:
            self._notices.say(self._unsent)
            self._unsent = None

    def _read(self, words: str) -> None:
        letter = read_letter(words)
        if letter is None or letter.sender == self._instance:
            return
        for news in letter.news:
            self._tell(news)
        opened = [news.incident_id for news in letter.news if isinstance(news, Opened)]
        self._pages.incidents(self._store.incidents.some(opened))

    def _tell(self, news: News) -> None:
        match news:
            case Frames():
                if self._watch.judged(news.stream_id) >= 0:
                    self._watch.mark(news.stream_id)
                self._pages.news.heard(news.run_id, urgent=news.turns)
                if self._pages.hub.shows(news.run_id):
                    self._show(news)
            case Edited(run_id):
                self._pages.edited(run_id)
            case Deleted(run_id):
                self._pages.deleted(run_id)
            case Channel(channel_id):
                self._pages.channel(channel_id)

    def _show(self, news: Frames) -> None:
        """Read the frames for the pages that are open here."""
        wanted = news.last - news.first + 1
        found = self._store.log.frames(news.stream_id, after=news.first - 1, limit=READ_FRAMES)
        frames = [frame for frame in found if frame.seq <= news.last]
        if len(frames) < wanted:  # many at once: the pages come back and read the whole curve
            self._pages.hub.send_back(news.run_id)
            return
        said = (event for frame in frames for event in frame.events)
        self._pages.points(news.run_id, [event for event in said if isinstance(event, Points)])
