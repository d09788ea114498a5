"""Finds the monitor of this user on this machine, or starts one.

A running monitor leaves a note, `hosts/<host>/monitor.json`, in the data folder. It counts only
when the server at its address answers with the same instance: the note may be of a monitor that
died, and its port may belong to a stranger by now.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nanwatch.settings import ClientSettings, is_loopback_url
from nanwatch.transport import Endpoint, Link, LinkError, NamedServer

START_TIMEOUT_S = 30.0
POLL_S = 0.1
LOG_TAIL_LINES = 8
NEEDED = ("nanwatch_monitor", "fastapi", "sqlalchemy", "uvicorn")
INSTALL = 'pip install "nanwatch[server]"'


class MonitorUnavailableError(Exception):
    """There is no local monitor and none can be started.

    Attributes:
        what, why, how: what is wrong, for which reason, and how to mend it.
    """

    def __init__(self, what: str, why: str, how: str) -> None:
        super().__init__(f"{what}: {why}. {how}")
        self.what, self.why, self.how = what, why, how


class Note(msgspec.Struct, frozen=True):
    """What `monitor.json` says."""

    url: str
    pid: int
    instance: str


@dataclass(frozen=True)
class LocalMonitor:
    """The local monitor of one user on one host.

    Args:
        directory: `NANWATCH_DIR`.
        host: the machine's name; each machine that shares the folder has a monitor of its own.
    """

    directory: Path
    host: str

    def find(self) -> Endpoint | None:
        """The monitor that runs, or None."""
        note = self._note()
        if note is None or not _answers(note):
            return None
        return Endpoint(note.url.rstrip("/"), self.token(), local=True)

    def find_or_start(
        self,
        timeout_s: float = START_TIMEOUT_S,
        pause: Callable[[float], None] = time.sleep,
    ) -> Endpoint:
        """The monitor that runs, started when there is none.

        Args:
            timeout_s: how long a fresh monitor may take until it answers.
            pause: waits so many seconds; may raise to give up.

        Raises:
            MonitorUnavailableError: not installed, the folder is unwritable, it died or is mute.
        """
        found = self.find()
        if found is not None:
            return found
        _require_server()
        process = self._launch()
        # It outlives this process on purpose; if it ends before, somebody has to hear of it, or
        # it would linger as a zombie and look alive to `nanwatch stop`.
        threading.Thread(target=process.wait, name="nanwatch-monitor", daemon=True).start()
        return self._await(process, timeout_s, pause)

    def has_died(self) -> bool:
        """Whether a monitor left its note behind, as it does only when it is killed."""
        note = self._note()
        return note is not None and not _answers(note)

    def token(self) -> str | None:
        """The user's token, or None when no server has made one yet."""
        try:
            return (self.directory / "token").read_text("utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    @property
    def _folder(self) -> Path:
        return self.directory / "hosts" / self.host

    @property
    def _log(self) -> Path:
        return self._folder / "monitor.log"

    def _note(self) -> Note | None:
        try:
            return msgspec.json.decode((self._folder / "monitor.json").read_bytes(), type=Note)
        except (OSError, msgspec.DecodeError):
            return None

    def _launch(self) -> subprocess.Popen[bytes]:
        """Start `serve --local` on its own feet. When two do so at once, one of them leaves."""
        command = [sys.executable, "-m", "nanwatch_monitor", "serve", "--local"]
        try:
            for folder in (self.directory, self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            with open(descriptor, "ab") as log:
                return subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # Not the caller's folder: `-m` would import a user's own `random.py` from it.
                    cwd=self._folder,
                    env={**os.environ, "NANWATCH_DIR": str(self.directory.absolute())},
                    start_new_session=True,
                )
        except OSError as error:
            raise MonitorUnavailableError(
                f"the local monitor cannot be started in {self._folder}",
                error.strerror or str(error),
                "Make the folder writable, or set NANWATCH_DIR to one that is.",
            ) from error

    def _await(
        self, process: subprocess.Popen[bytes], timeout_s: float, pause: Callable[[float], None]
    ) -> Endpoint:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            pause(POLL_S)
            code = process.poll()  # before looking: it may have found another one and left
            found = self.find()
            if found is not None:
                return found
            if code:
                raise self._died(code)
        raise MonitorUnavailableError(
            "the local monitor does not answer",
            f"{timeout_s:.0f} s after its start it is not ready",
            f"Look into {self._log}; `nanwatch serve` starts it in the foreground.",
        )

    def _died(self, code: int) -> MonitorUnavailableError:
        return MonitorUnavailableError(
            "the local monitor did not start",
            f"it left with exit code {code}, saying:\n{_tail(self._log)}",
            "`nanwatch serve` starts it in the foreground.",
        )


def server_for(settings: ClientSettings) -> NamedServer | LocalMonitor:
    """The server that the settings name, else the local monitor."""
    local = LocalMonitor(settings.directory, settings.host)
    if settings.server is None:
        return local
    token = settings.token
    if token is None and is_loopback_url(settings.server):
        token = local.token()  # `nanwatch serve` of the same user, named by its address
    return NamedServer(Endpoint(settings.server, token))


def missing_packages() -> list[str]:
    """What of the `server` extra is not installed; imports none of it."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def _answers(note: Note) -> bool:
    link = Link(Endpoint(note.url.rstrip("/"), token=None))
    try:
        health = link.get("/healthz").body
    except LinkError:
        return False
    finally:
        link.close()
    return health.get("service") == "nanwatch" and health.get("instance") == note.instance


def _require_server() -> None:
    missing = missing_packages()
    if missing:
        raise MonitorUnavailableError(
            "the local monitor is not installed",
            f"{', '.join(missing)} cannot be found",
            f"Install it with {INSTALL}; then `nanwatch sync` delivers what is recorded now.",
        )


def _tail(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:]
    except OSError:
        return "(no log)"
    return "\n".join(f"    {line[:200]}" for line in lines)
