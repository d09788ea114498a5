"""Forks, and processes that end in every way, with a reporter in them."""

import os
import signal
import subprocess
import sys
import warnings

import keras
import pytest

from fits import mlp, table
from ledger_server import black_hole
from nanwatch import NanWatch
from nanwatch.events import RunEnded, RunStarted
from servers import wait_for
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


def wait_for_exit(pid):
    """The exit code of a child; a child that hangs is ended."""
    states = []

    def has_ended():
        done, state = os.waitpid(pid, os.WNOHANG)
        states.append(state)
        return done

    try:
        wait_for(has_ended)
    except AssertionError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    return os.waitstatus_to_exitcode(states[-1])


# Ends when its point is on disk and the server is asked; sleeps between two looks.
SCRIPT = """
import sys, time
from nanwatch.breaker import breaker_of
from nanwatch.events import RunStarted
from nanwatch.reporter import Reporter
from nanwatch.settings import ClientSettings
settings = ClientSettings.resolve(sys.argv[1], run="r")
watching = Reporter(settings, RunStarted("r", "p"), "run")
watching.start()
watching.log(("batch/loss",), 0, (0.5,))
spool = settings.directory / "spool"
while not any(b"batch/loss" in path.read_bytes() for path in spool.rglob("*.seg")):
    time.sleep(0.01)
while not breaker_of(sys.argv[1])._waiting:
    time.sleep(0.01)
"""


POOLS = """
import math, multiprocessing, sys
from nanwatch.run import start_run
with start_run(sys.argv[2]) as run:
    for step in range(20):
        run.log({"loss": 1.0}, step=step)
        if step % 10 == 5:
            with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
                assert pool.map(math.sqrt, [4.0, 9.0]) == [2.0, 3.0]
    run._reporter.finish("finished", timeout_s=60)
"""


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_pools_of_every_kind_leave_the_run_alone(home, server, way):
    command = [sys.executable, "-c", POOLS, way, server.url]
    done = subprocess.run(command, timeout=100, capture_output=True, text=True, check=True)
    assert server.steps() == list(range(20))
    assert len(server.streams) == 1
    assert done.stderr.count("watching run") == 1


class Rows(keras.utils.PyDataset):
    """Batches that processes of their own fetch."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        x, y = table(16, seed=index)
        return x, y


def test_workers_that_fetch_batches_leave_the_run_alone(home, server):
    watch = NanWatch(server.url, verbose=0)
    rows = Rows(workers=2, use_multiprocessing=True, max_queue_size=4)
    mlp().fit(rows, epochs=2, callbacks=[watch], verbose=0)
    server.wait_for(lambda: any(isinstance(event, RunEnded) for event in server.events()))
    assert server.steps() == list(range(16))
    assert len(server.streams) == 1


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
        done = subprocess.run(command, timeout=60, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert steps(stored(home)) == [0]
