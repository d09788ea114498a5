"""`nanwatch tail` follows a run until it ends."""

import math
import os
import pty
import re
import subprocess
import sys

import pytest

from nanwatch.run import start_run
from servers import wait_for

COMMAND = [sys.executable, "-m", "nanwatch", "tail", "going-1"]


def last_steps(server):
    return [run["last_step"] for run in server.client.get("/runs")["runs"]]


def wait_for_diagnosis(server, run):
    """A server judges what it has taken in a moment later."""
    wait_for(lambda: server.client.get(f"/runs/{run.id}/diagnoses")["diagnoses"])


@pytest.fixture
def run(live_server, home, monkeypatch):
    """A run that is going on."""
    monkeypatch.setenv("NANWATCH_SERVER", live_server.url)
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    run = start_run(run="going-1", verbose=0)
    for step in range(30):
        run.log({"loss": 1.0 / (step + 1)})
    wait_for(lambda: last_steps(live_server) == [29])
    yield run
    run.finish()


def test_a_pipe_gets_a_line_for_each_move_and_the_diagnosis(run, live_server):
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as tail:
        assert re.match(r"running  step \d+  loss 0\.", tail.stdout.readline())
        run.log({"loss": math.nan})
        wait_for_diagnosis(live_server, run)
        run._reporter.finish("finished", timeout_s=20)
        rest = tail.stdout.read()
    assert tail.returncode == 0
    assert "finished  step 30  loss NaN" in rest
    assert "not finite" in rest


def test_a_terminal_gets_a_curve_with_the_nan_on_a_rail(run, live_server):
    run.log({"loss": math.nan})
    run._reporter.finish("finished", timeout_s=20)
    wait_for_diagnosis(live_server, run)
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        env = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "50"}
        tail = subprocess.Popen(COMMAND, stdout=theirs, env=env)
        os.close(theirs)
        shown = all_of(screen).decode()
    assert tail.wait(20) == 0
    assert "█" in shown
    assert "×" in shown
    assert "critical" in shown


def all_of(screen):
    """What a terminal was told until its other end was closed."""
    shown = b""
    while True:
        try:
            part = screen.read(65536)
        except OSError:  # the other end is closed
            return shown
        if not part:
            return shown
        shown += part
