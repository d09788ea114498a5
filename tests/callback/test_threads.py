"""Which thread does what: nothing waits for a server, or for itself, where the training runs."""

import math
import socket
import threading

import numpy as np
import pytest

from ledger_server import free_port
from nanwatch import reporter as module
from nanwatch.events import Points
from servers import wait_for
from spools import steps, stored

LOSS = ("batch/loss",)


def reporting_threads():
    return {t for t in threading.enumerate() if t.name.startswith("nanwatch-")}


def test_threads_end_with_their_run_even_with_a_dead_server(report):
    url, before = f"http://127.0.0.1:{free_port()}", reporting_threads()
    for _ in range(5):
        report(url).finish("finished", timeout_s=0.1)
    wait_for(lambda: reporting_threads() <= before)


def test_a_thread_that_comes_to_keep_only_after_the_end_leaves_no_sender(report, monkeypatch):
    url, before, late = f"http://127.0.0.1:{free_port()}", reporting_threads(), threading.Event()
    flush = module.Reporter._flush
    monkeypatch.setattr(module.Reporter, "_flush", lambda self: late.wait(60) and flush(self))
    report(url).finish("finished", timeout_s=0.0)
    late.set()
    wait_for(lambda: reporting_threads() <= before)


@pytest.mark.timeout(20)  # a lock that is waited for would hang here
def test_a_handler_that_interrupts_the_spool_with_a_nan_does_not_hang(home, report, monkeypatch):
    monkeypatch.setattr(module, "LOCK_S", 0.05)
    watching = report(mode="offline")
    spool = wait_for(lambda: watching._spool)
    append, nan = spool.append, Points(np.array([7]), {"batch/loss": np.array([math.nan])})
    interrupted = threading.Event()

    def append_interrupted(events):
        if not interrupted.is_set():
            watching.send_now(nan)
            interrupted.set()
        append(events)

    monkeypatch.setattr(spool, "append", append_interrupted)
    watching.log(LOSS, 6, (0.5,))
    assert interrupted.wait(10)
    watching.finish("finished", timeout_s=10)
    assert sorted(steps(stored(home))) == [6, 7]


def test_starting_logging_and_ending_ask_no_server_in_the_trainings_own_thread(
    server, report, monkeypatch
):
    asked, connect = set(), socket.socket.connect

    def noting(self, address):
        asked.add(threading.current_thread().name)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noting)
    watching = report(server.url)
    watching.log(LOSS, 0, (0.5,))
    watching.send_now(Points(np.array([1]), {"batch/loss": np.array([math.nan])}))
    watching.finish("finished", timeout_s=20)
    assert server.steps() == [0, 1]
    assert asked == {"nanwatch-sender"}
