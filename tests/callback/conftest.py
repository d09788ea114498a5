"""What the client's tests share: a data folder, reporters, and a server that breaks on demand."""

import contextlib
import os
import signal
from collections import defaultdict
from pathlib import Path

import pytest

from ledger_server import LedgerServer
from nanwatch.breaker import Breaker
from nanwatch.events import RunStarted
from nanwatch.names import random_id
from nanwatch.reporter import Reporter
from nanwatch.settings import ClientSettings
from servers import wait_for

PATIENCE_S = 60.0
"""How long the end of a run waits here: no slow machine is to cut a delivery short."""


@pytest.fixture(autouse=True)
def _strange_servers(monkeypatch):
    """No server is known yet: another test's may have listened on the same port."""
    monkeypatch.setattr("nanwatch.breaker._known", defaultdict(Breaker))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty NANWATCH_DIR; the monitors started there end with the test."""
    monkeypatch.setattr("nanwatch.reporter.END_S", PATIENCE_S)
    for name in [name for name in os.environ if name.startswith("NANWATCH_")]:
        monkeypatch.delenv(name)
    directory = tmp_path / "home"
    monkeypatch.setenv("NANWATCH_DIR", str(directory))
    yield directory
    for pid in monitors_of(directory):
        stop(pid)


@pytest.fixture
def report(home):
    """Makes reporters that have begun, with what they said in `said`."""
    begun = []

    def begin(server=None, mode="online", start=True):
        settings = ClientSettings.resolve(server, run="calm-otter-17", mode=mode)
        said = []
        made = Reporter(settings, RunStarted(settings.run, "p"), random_id(), said.append)
        made.said = said
        begun.append(made)
        if start:
            made.start()
        return made

    yield begin
    for made in begun:
        made.finish("finished", timeout_s=0.0)


@pytest.fixture
def server():
    """A small server that keeps frames like the real one."""
    with LedgerServer() as running:
        yield running


def monitors_of(directory):
    """The monitors that serve this folder, told by their own command line and environment.

    Never by a note: it may name any process of the machine.
    """
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if serves(path, directory)]


def serves(process, directory):
    """Whether a process under /proc is a monitor of this very folder."""
    try:
        command = (process / "cmdline").read_bytes().split(b"\0")
        environ = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"nanwatch_monitor" in command and f"NANWATCH_DIR={directory}".encode() in environ


def stop(pid):
    """End a monitor and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):  # of two that started at once, one just left
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not is_alive(pid), PATIENCE_S)


def is_alive(pid):
    """Whether a process runs; a child of ours is reaped on the way."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return Path(f"/proc/{pid}").exists()
