"""What the callback and `start_run` talk to: it takes events and never gets in the way.

    training thread      log(): one tuple into a deque, no lock, no I/O
    nanwatch-spool       every 50 ms: tuples -> blocks of points -> one frame in the spool
    nanwatch-sender      spool -> server

Whatever goes wrong here costs points at worst, and says so; it never costs the training.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Concatenate, ParamSpec

from nanwatch import terminal
from nanwatch.batching import Logged, gather, pack
from nanwatch.clock import wrong_clock
from nanwatch.dropped import Dropped
from nanwatch.events import EndState, Event, Points, RunEnded, RunStarted
from nanwatch.local_monitor import server_for
from nanwatch.plain import plain_event
from nanwatch.pulse import Pulse
from nanwatch.redact import Redactor
from nanwatch.sender import Sender
from nanwatch.settings import ClientSettings
from nanwatch.spool import Spool
from nanwatch.step_times import StepTimes
from nanwatch.transport import Endpoint, Link

QUEUE = 10_000
FLUSH_S = 0.05
BEAT_S = 10.0
LOCK_S = 1.0
END_S = 2.0

_Args = ParamSpec("_Args")


def _harmless(
    method: Callable[Concatenate[Reporter, _Args], None],
) -> Callable[Concatenate[Reporter, _Args], None]:
    """A door to the training: what fails behind it switches reporting off, and no more."""

    @functools.wraps(method)
    def guarded(self: Reporter, /, *args: _Args.args, **kwargs: _Args.kwargs) -> None:
        if self.off:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a door: watching must never harm the training
            self.switch_off(error)

    return guarded


class Reporter:
    """Keeps what a run says and brings it to the server.

    Args:
        started: who the run is; the first event of its stream.
        say: takes one line for the terminal.
    """

    def __init__(
        self,
        settings: ClientSettings,
        started: RunStarted,
        run_id: str,
        say: Callable[[str], None] = terminal.say,
    ) -> None:
        self.run_id = run_id
        self._say = say
        self.off = self._left = False
        self._settings = settings
        self._started = started
        self._queue: deque[Logged | Event] = deque()
        self._room = QUEUE
        self._dropped = Dropped()
        self._spool: Spool | None = None
        self._spool_lock = threading.Lock()
        self._sender: Sender | None = None
        self._spooler = threading.Thread(target=self._keep, name="nanwatch-spool", daemon=True)
        self._ended = threading.Event()
        self._last_words = threading.Lock()  # who takes it, for good, says why reporting stopped
        self._times = StepTimes()
        self._step: int | None = None
        self._excused = False
        self._last_beat = time.monotonic()
        self._pulse = Pulse(self._last_beat)

    @property
    def url(self) -> str | None:
        """The run's page, or None while no server is known."""
        if self._settings.mode != "online":
            return None
        if self._settings.server is not None:
            return Endpoint(self._settings.server, None).run_page(self.run_id)
        endpoint = self._sender.endpoint if self._sender else None
        return endpoint.run_page(self.run_id) if endpoint else None

    @_harmless
    def start(self) -> None:
        """Begin to keep and to send, in the background."""
        self._redactor = Redactor(os.environ, os.path.expanduser("~"))
        self._queue.append(self._fit_to_travel(self._started))
        _alive.add(self)
        self._spooler.start()

    def advanced(self, step: int) -> None:
        """The training made a step, whether or not anything of it is logged."""
        self._step = step

    def excuse(self, excused: bool) -> None:
        """Something begins, or has ended, during which no step is to be expected."""
        self._excused = excused

    def log(self, names: tuple[str, ...], step: int, values: Sequence[float]) -> None:
        """Take one point of each series, in a microsecond. When 10 000 wait, it is only counted."""
        if not names or self.off:
            return
        if len(self._queue) < self._room:
            self._queue.append((names, step, values))
        else:
            self._dropped.add(len(names), step)

    @_harmless
    def log_waiting(self, names: tuple[str, ...], step: int, values: Sequence[float]) -> None:
        """Take one point of each series; when too many wait, wait as well."""
        while len(self._queue) >= self._room and self._spooler.is_alive() and not self.off:
            time.sleep(FLUSH_S / 10)
        self.log(names, step, values)

    @_harmless
    def send(self, event: Event) -> None:
        """Take any event, in its turn, without waiting."""
        self._queue.append(self._fit_to_travel(event))

    def _fit_to_travel(self, event: Event) -> Event:
        """The event as others may see it: plain, and without secrets."""
        return event if isinstance(event, Points) else plain_event(event, self._redactor.value)

    @_harmless
    def send_now(self, event: Event) -> None:
        """Take an event that must survive the very next crash: it is on disk at return."""
        self.send(event)
        self._flush()
        if self._sender is not None:
            self._sender.wake()

    @_harmless
    def finish(self, state: EndState, reason: str = "", timeout_s: float | None = None) -> None:
        """End the run: keep the rest, deliver for at most `timeout_s` or 2 s, say what is left.

        Only a local monitor that is still being started may take longer, 10 s more.
        """
        if self._ended.is_set():
            return
        began, timeout_s = time.monotonic(), END_S if timeout_s is None else timeout_s
        self.send(RunEnded(state, reason, time.time()))
        self._ended.set()
        try:
            self._spooler.join(timeout_s)
            self._left = True
            if self._sender is not None:
                self._sender.finish(max(0.0, timeout_s - (time.monotonic() - began)))
        finally:  # also when the user presses Ctrl-C a second time
            self._close()

    def say(self, text: str) -> None:
        """Bring words to the terminal, if there is one."""
        try:
            self._say(text)
        except Exception:  # noqa: BLE001 - the user's own terminal, closed or redirected
            return

    def switch_off(self, error: BaseException) -> None:
        """Report nothing any more, and say why, once: two threads may fail at the same time."""
        if not self.off and self._last_words.acquire(blocking=False):
            self._fall_silent()
            self._tell(
                f"reporting of {self._settings.run} stopped ({type(error).__name__}: {error}); "
                f"the training goes on"
            )

    def _fall_silent(self) -> None:
        self.off = True
        self._room = -1
        self._ended.set()
        self._queue = deque()

    def _keep(self) -> None:
        """The spool thread: wakes every 50 ms, and once more at the end."""
        try:
            self._flush()
            self._start_sender()
            while not self._ended.wait(FLUSH_S):
                self._beat()
                self._flush()
            self._flush()
        except Exception as error:  # noqa: BLE001 - a thread's door: nothing may reach the training
            self.switch_off(error)

    def _flush(self) -> None:
        """Bring all that waits to the spool, in order."""
        if not self._spool_lock.acquire(timeout=LOCK_S):
            return  # a hanging disk, or a signal handler inside of this very function: next time
        try:
            items = [self._queue.popleft() for _ in range(len(self._queue))]
            for events in pack(gather(self._completed(items))):
                self._append(events)
        finally:
            self._spool_lock.release()

    def _completed(self, items: list[Logged | Event]) -> list[Logged | Event]:
        """The items, when their steps were and what was dropped, before the run's end."""
        times = self._times.of(items, time.time())
        end = [item for item in items[-1:] if isinstance(item, RunEnded)]
        return [*items[: len(items) - len(end)], *times, *self._dropped.take(), *end]

    def _append(self, events: list[Event]) -> None:
        if self._spool is None:
            self._spool = Spool(self._settings.directory / "spool", self.run_id, self._tell)
        try:
            self._spool.append(events)
        except (ValueError, TypeError, NotImplementedError, OverflowError) as error:
            for event in events if len(events) > 1 else self._curtailed(events[0], error):
                self._append([event])

    def _curtailed(self, event: Event, error: Exception) -> Iterator[Event]:
        """What can be kept of an event that has no form on the wire."""
        self._tell(f"a {type(event).__name__} could not be kept ({error})")
        if isinstance(event, RunStarted) and (event.config or event.facts):
            yield dataclasses.replace(event, config={}, facts={})  # or no server takes the run

    def _beat(self) -> None:
        now = time.monotonic()
        self._pulse.see(self._step, self._excused, now)
        if self._sender is not None and now - self._last_beat >= BEAT_S:
            self._last_beat = now
            self._queue.append(self._pulse.beat(now))

    def _start_sender(self) -> None:
        if self._settings.mode == "online" and (spool := self._spool) is not None:
            self._sender = Sender(spool, server_for(self._settings), self._tell, self._announce)
            if not self._left:  # or nobody would end it
                self._sender.start()

    def _announce(self, link: Link) -> None:
        """Say where to look, with a link that logs the browser in once where that is allowed."""
        page = link.login_page(f"/runs/{self.run_id}")
        self._tell(f"watching run {self._settings.run} - {page}")
        if (wrong := wrong_clock(link)) is not None:
            fact, words = wrong
            self.send(fact)
            self._tell(words)

    def _close(self) -> None:
        if self._spool is None:
            return
        left, lost = self._spool.backlog, self._spool.only_in_memory
        self._spool.close(delivered=left <= 0)
        if lost:
            self._tell(
                f"the last points of {self._settings.run} ({lost} blocks) are lost: neither the "
                f"disk nor a server took them"
            )
        if left > lost:
            self._tell(
                f"{self._settings.run} is kept in {self._spool.directory}; "
                f"deliver it with: {self._settings.sync_command}"
            )
        self._fall_silent()

    def _tell(self, text: str) -> None:
        self.say(f"nanwatch: {text}")

    def _abandon_in_child(self) -> None:
        """After a fork, in the child: no thread is there and the parent reports; keep silent."""
        self._fall_silent()
        self._spool_lock = threading.Lock()
        if self._spool is not None:
            self._spool.abandon_in_child()


_alive: weakref.WeakSet[Reporter] = weakref.WeakSet()


def _abandon_all_in_child() -> None:
    for reporter in list(_alive):
        reporter._abandon_in_child()


os.register_at_fork(after_in_child=_abandon_all_in_child)
