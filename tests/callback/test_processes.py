"""Forks, and processes that end in every way, with a reporter in them."""

import os
import signal
import subprocess
import sys
import time
import warnings

import pytest

from ledger_server import black_hole
from nanwatch.events import RunStarted
from spools import steps, stored

LOSS = ("batch/loss",)


def test_forked_children_are_silent_and_do_not_hang(server, report):
    watching = report(server.url)
    for step in range(60):
        watching.log(LOSS, step, (0.5,))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is the test
            pid = os.fork()
        if pid == 0:
            use_everything(watching)
            os._exit(0)
        assert wait_for_exit(pid) == 0
    watching.finish("finished", timeout_s=20)
    assert server.steps() == list(range(60))
    assert len(server.streams) == 1


def use_everything(watching):
    """What a child might do with the reporter that it inherits."""
    watching.log(LOSS, 999, (0.5,))
    watching.log_waiting(LOSS, 999, (0.5,))
    watching.send_now(RunStarted("child", "p"))
    watching.finish("failed", "child")


def wait_for_exit(pid, timeout_s=20):
    """The exit code of a child; a child that hangs is ended and told."""
    deadline = time.monotonic() + timeout_s
    while not (done := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError("the child hangs")
        time.sleep(0.001)
    return os.waitstatus_to_exitcode(done[1])


SCRIPT = """
import sys, time
from nanwatch.events import RunStarted
from nanwatch.reporter import Reporter
from nanwatch.settings import ClientSettings
settings = ClientSettings.resolve(sys.argv[1], run="r")
watching = Reporter(settings, RunStarted("r", "p"), "run")
watching.start()
watching.log(("batch/loss",), 0, (0.5,))
time.sleep(0.2)
"""


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("watching.finish('finished')", 0),
        ("sys.exit(3)", 3),
        ("raise ValueError", 1),
        ("import os; os._exit(4)", 4),
        ("import os; os.kill(os.getpid(), 9)", -9),
    ],
)
def test_a_process_ends_as_it_wants_to_with_a_dead_server(home, ending, code):
    with black_hole() as hole:
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        command = [sys.executable, "-c", SCRIPT + ending, url]
        done = subprocess.run(command, timeout=20, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert steps(stored(home)) == [0]
