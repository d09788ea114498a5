"""A data folder of its own for a test, and an end for every monitor that was started in it."""

import os
import signal
import time
from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty NANWATCH_DIR; the monitors started there end with the test."""
    for name in [name for name in os.environ if name.startswith("NANWATCH_")]:
        monkeypatch.delenv(name)
    directory = tmp_path / "home"
    monkeypatch.setenv("NANWATCH_DIR", str(directory))
    yield directory
    for pid in monitors_of(directory):
        stop(pid)


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
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while is_alive(pid):
        assert time.monotonic() < deadline, f"monitor {pid} does not end"
        time.sleep(0.02)


def is_alive(pid):
    """Whether a process runs; a child of ours is reaped on the way."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return Path(f"/proc/{pid}").exists()
