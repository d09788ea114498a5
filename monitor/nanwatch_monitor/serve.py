"""Running the server: the lock, the socket, the note for the client, and a quick, clean end."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from nanwatch import __version__
from nanwatch_monitor.app import create_app
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.home import MonitorNote
from nanwatch_monitor.monitor import Monitor
from nanwatch_monitor.presence import sole_monitor, who_answers
from nanwatch_monitor.protocol import BoundedProtocol
from nanwatch_monitor.settings import ServerSettings
from nanwatch_monitor.store.database import sqlite_file

STOP_WITHIN_S = 4
IDLE_CONNECTION_S = 30
_BACKLOG = 512
_TURN_S = 0.0005


class Server(uvicorn.Server):
    """Uvicorn, but open live streams are ended at once instead of being waited for.

    Args:
        monitor: the running parts.
        idle_exit_s: leave after so many seconds without use; None stays.
    """

    def __init__(
        self, config: uvicorn.Config, monitor: Monitor, idle_exit_s: float | None = None
    ) -> None:
        super().__init__(config)
        self._monitor, self._idle_exit_s = monitor, idle_exit_s

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second; True ends the server."""
        return self._is_unused() or await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye to every viewer, then end as usual."""
        self._monitor.hub.close()
        await super().shutdown(sockets)

    def _is_unused(self) -> bool:
        if self._idle_exit_s is None or self._monitor.hub.viewers:
            return False
        return self._monitor.activity.idle_s() > self._idle_exit_s


def serve(
    settings: ServerSettings, greet: Callable[[ServerSettings, str], None], local: bool
) -> None:
    """Serve until told to stop.

    Args:
        greet: called when the server is about to answer, with the settings as they came to be
            and the path of a one-time login.
        local: this is the monitor that trainings of this user find: take another port when the
            usual one is taken.

    Raises:
        SetupError: the server cannot start.
    """
    # Uvicorn raises the signal again when it has ended; the note and the lock go after that.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with sole_use(settings), _listening(settings, local) as bound:
        settings = replace(settings, port=bound.getsockname()[1])
        app = create_app(settings)
        monitor: Monitor = app.state.monitor
        answer_steadily()
        with _noted(settings, monitor):
            greet(settings, _login_path(settings, monitor))
            make_server(app, settings.idle_exit_s).run(sockets=[bound])


def answer_steadily() -> None:
    """Keep what goes on beside an answer from holding it up. Once, when all is loaded.

    To look through all that was loaded for garbage takes 100 ms, in which nothing else runs. And a
    thread that works with the disk asks for Python's lock at each call: one that judges or seals
    meanwhile gives it up only when its time is over.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_TURN_S)


def make_server(app: FastAPI, idle_exit_s: float | None = None) -> Server:
    """The server for an application made by `create_app`."""
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        log_config=None,
        timeout_keep_alive=IDLE_CONNECTION_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    return Server(config, app.state.monitor, idle_exit_s)


def _login_path(settings: ServerSettings, monitor: Monitor) -> str:
    if not settings.auth:
        return "/"
    return f"/login?code={monitor.store.access.new_code(time.time())}"


def sole_use(settings: ServerSettings) -> AbstractContextManager[None]:
    """One process a database file; PostgreSQL is made for several. Entering raises SetupError."""
    file = sqlite_file(settings.effective_database_url)
    if file is None:
        return nullcontext()
    if is_home_monitor(settings):
        settings.home.prepare()
        return sole_monitor(settings.home.lock_file)
    return sole_monitor(file.with_name(f"{file.name}.lock"))


def is_home_monitor(settings: ServerSettings) -> bool:
    """Whether this is the monitor that trainings of this user on this machine look for."""
    return sqlite_file(settings.effective_database_url) == settings.home.database_file


@contextmanager
def _listening(settings: ServerSettings, local: bool) -> Iterator[socket.socket]:
    try:
        bound = listen(settings.host, settings.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not local:
            raise _cannot_listen(settings, error) from error
        bound = listen(settings.host, 0)
    with bound:
        yield bound


def listen(host: str, port: int) -> socket.socket:
    """A socket that is ours from this moment on: bound alone, it could still be lost.

    The protocol is named, because asyncio lets small answers go at once (TCP_NODELAY) only on
    sockets that say they are TCP; without it every answer waits 40 ms.
    """
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _cannot_listen(settings: ServerSettings, error: OSError) -> SetupError:
    what = f"cannot listen on {settings.host} port {settings.port}"
    if error.errno != errno.EADDRINUSE:
        how = "choose another --host or --port"
        return SetupError(what, error.strerror or str(error), how)
    found = who_answers(settings.local_url)
    if found is None:
        return SetupError(what, "another program uses this port", "choose another with --port")
    why = f"a nanwatch {found.get('version')} with process id {found.get('pid')} serves there"
    return SetupError(what, why, "use that one, end it, or choose another port with --port")


@contextmanager
def _noted(settings: ServerSettings, monitor: Monitor) -> Iterator[None]:
    """Tell the trainings of this user where the monitor is, for as long as it runs."""
    if not is_home_monitor(settings):
        yield
        return
    note = MonitorNote(settings.local_url, os.getpid(), monitor.instance, __version__)
    settings.home.write_note(note)
    try:
        yield
    finally:
        settings.home.remove_note(monitor.instance)
