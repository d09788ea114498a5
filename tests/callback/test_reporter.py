"""The reporter: a training is watched without ever being hindered."""

import math
import signal
import threading
import time

import numpy as np
import pytest

from ledger_server import Fault, black_hole, free_port
from nanwatch import reporter as module
from nanwatch import transport
from nanwatch.events import FactsLearned, Gap, Heartbeat, Points, RunEnded, RunStarted
from nanwatch.names import random_id
from nanwatch.reporter import Reporter
from nanwatch.settings import ClientSettings
from nanwatch.spool import stored_streams
from servers import wait_for
from spools import gaps, steps, stored

LOSS = ("batch/loss",)


def test_a_run_arrives_in_order_and_leaves_nothing_behind(server, home, report):
    watching = report(server.url)
    for step in range(500):
        watching.log(LOSS, step, (1 / (step + 1),))
    watching.finish("finished", timeout_s=20)
    assert server.events()[0] == RunStarted("calm-otter-17", "p")
    assert server.steps() == list(range(500))
    assert isinstance(server.events()[-1], RunEnded)
    assert stored_streams(home / "spool") == []


def test_the_link_is_said_once_with_its_login_code(server, report):
    watching = report(server.url)
    server.wait_for(lambda: watching.said)
    page = f"{server.url}/login?code=C&next=/runs/{watching.run_id}"
    assert watching.said == [f"nanwatch: watching run calm-otter-17 - {page}"]
    assert watching.url == f"{server.url}/runs/{watching.run_id}"


def test_without_leave_for_login_codes_the_plain_address_is_said(server, report, monkeypatch):
    monkeypatch.setattr(transport, "LOGIN_CODES", "/api/v1/none")
    server.faults.extend([None, Fault(403)])
    watching = report(server.url)
    server.wait_for(lambda: watching.said)
    assert watching.said[0].endswith(f" - {watching.url}")


def test_what_is_sent_now_is_on_disk_at_return(home, report):
    watching = report(mode="offline")
    watching.log(LOSS, 0, (1.0,))
    watching.send_now(Points(np.array([1]), {"batch/loss": np.array([math.nan])}))
    watching.finish("finished")
    found = stored(home)
    assert steps(found) == [0, 1]


def test_offline_says_where_it_is_and_how_to_deliver_it(home, report):
    watching = report(mode="offline")
    watching.finish("failed", "ValueError: x")
    assert len(watching.said) == 1
    assert str(home / "spool") in watching.said[0]
    assert "nanwatch sync" in watching.said[0]
    assert watching.url is None
    assert stored(home)[-1].events[-1].state == "failed"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500),
        Fault(429, {"Retry-After": "3600"}),
        Fault(200, body=b"garbage"),
        Fault(401),
        Fault(cut=True),
        Fault(hang_s=60),
    ],
)
@pytest.mark.timeout(60)  # without a bound on the exit, it would wait for ever
def test_a_bad_server_costs_nothing_but_a_word(server, home, report, monkeypatch, fault):
    monkeypatch.setattr("nanwatch.breaker.UNANSWERED_S", 0.1)
    server.always = fault
    watching = report(server.url)
    for step in range(100):
        watching.log(LOSS, step, (0.5,))
    watching.finish("finished")
    assert len([line for line in watching.said if "deliver it with: nanwatch sync" in line]) == 1
    assert steps(stored(home)) == list(range(100))


@pytest.mark.timeout(60)  # without a bound on the exit, it would wait for ever
def test_a_server_that_refuses_connections_or_swallows_them(home, report, monkeypatch):
    monkeypatch.setattr("nanwatch.breaker.UNANSWERED_S", 0.1)
    with black_hole() as hole:
        urls = [f"http://127.0.0.1:{port}" for port in (free_port(), hole.getsockname()[1])]
        for url in urls:
            watching = report(url)
            watching.log(LOSS, 0, (0.5,))
            watching.finish("finished")
    assert steps(stored(home)) == [0, 0]


@pytest.mark.parametrize("way", ["no such name", "no TLS"])
def test_a_name_that_nobody_knows_and_a_server_without_tls_cost_a_word(server, home, report, way):
    known = {"no such name": "https://no-such-host.invalid", "no TLS": f"https://{server.url[7:]}"}
    watching = report(known[way])
    watching.log(LOSS, 0, (1.0,))
    wait_for(lambda: watching.said, 120)  # a resolver that is not reached takes its time
    watching.finish("finished")
    assert "takes nothing at the moment" in watching.said[0]
    assert steps(stored(home)) == [0]


def test_a_full_queue_drops_and_counts_but_waiting_does_not(home, report, monkeypatch):
    monkeypatch.setattr(module, "QUEUE", 5)
    watching = report(mode="offline", start=False)
    for step in range(9):
        watching.log(LOSS, step, (0.5,))
    watching.start()
    for step in range(9, 30):
        watching.log_waiting(LOSS, step, (0.5,))
    watching.finish("finished", timeout_s=10)
    found = stored(home)
    assert steps(found) == [0, 1, 2, 3, 4, *range(9, 30)]
    assert gaps(found) == [Gap(4, 5, 8)]


def test_a_config_too_large_for_a_frame_costs_only_itself(home):
    settings = ClientSettings.resolve(run="calm-otter-17", mode="offline")
    said, config = [], {"texts": ["x" * 20_000] * 300}
    watching = Reporter(settings, RunStarted(settings.run, "p", ("a",), config), "id", said.append)
    watching.start()
    watching.log(LOSS, 0, (0.5,))
    watching.finish("finished", timeout_s=10)
    found = stored(home)
    assert found[0].events[0] == RunStarted("calm-otter-17", "p", ("a",))
    assert steps(found) == [0]
    assert "RunStarted could not be kept" in said[0]


def test_what_cannot_be_kept_costs_only_itself(home, report):
    watching = report(mode="offline")
    watching.log(LOSS, 0, ("no number",))
    watching.log(LOSS, 1, (0.5,))
    watching.send(FactsLearned({"model": object(), "lambda": {1, 2}}))
    watching.finish("finished")
    assert steps(stored(home)) == [1]
    assert not watching.off or "stopped" not in str(watching.said)


@pytest.mark.parametrize("break_it", ["Spool", "gather", "pack"])
def test_a_fault_of_our_own_switches_off_with_one_word(home, report, monkeypatch, break_it):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(module, break_it, broken)
    watching = report(mode="offline")
    for step in range(50):
        watching.log(LOSS, step, (0.5,))
    watching.send_now(RunStarted("a", "b"))
    watching.finish("finished")
    words = [line for line in watching.said if "ZeroDivisionError: ours" in line]
    assert len(words) == 1
    assert "the training goes on" in words[0]


def test_no_thread_can_be_started(home, report, monkeypatch):
    def refuse(_self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    watching = report(mode="offline")
    watching.log(LOSS, 0, (0.5,))
    watching.finish("finished")
    assert "can't start new thread" in watching.said[0]


def test_a_closed_terminal_is_no_matter(home):
    def closed(_line):
        raise ValueError("I/O operation on closed file")

    settings = ClientSettings.resolve(mode="offline")
    watching = Reporter(settings, RunStarted("a", "b"), random_id(), closed)
    watching.start()
    watching.log(LOSS, 0, (0.5,))
    watching.finish("finished")
    assert steps(stored(home)) == [0]


def test_finish_twice_and_logging_afterwards_do_nothing(home, report):
    watching = report(mode="offline")
    watching.finish("finished")
    watching.finish("failed")
    watching.log(LOSS, 1, (0.5,))
    watching.send_now(RunStarted("a", "b"))
    found = stored(home)
    assert [type(event) for frame in found for event in frame.events] == [RunStarted, RunEnded]


def test_a_heartbeat_says_the_last_step(server, report, monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.1)
    watching = report(server.url)
    watching.advanced(41)
    server.wait_for(lambda: any(getattr(e, "step", None) == 41 for e in server.events()))


def test_a_validation_is_told_so_that_nobody_takes_the_run_for_hung(server, report, monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.1)
    watching = report(server.url)
    for step in range(3):
        watching.advanced(step)
        wait_for(lambda step=step: watching._pulse._step == step)
    server.wait_for(lambda: last_beat(server) == (2, 300.0))
    watching.excuse(True)
    server.wait_for(lambda: last_beat(server) == (2, None))


def last_beat(server):
    beats = [(e.step, e.patience_s) for e in server.events() if isinstance(e, Heartbeat)]
    return beats[-1] if beats else None


def test_logging_from_a_signal_handler_and_a_destructor_does_not_hang(home, report):
    watching = report(mode="offline")

    class Talkative:
        def __del__(self):
            watching.log(("batch/del",), 0, (1.0,))

    previous = signal.signal(signal.SIGALRM, lambda *_: watching.log(("batch/alarm",), 0, (1.0,)))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        for step in range(300):
            Talkative()
            watching.send_now(Points(np.array([step]), {"batch/loss": np.array([0.5])}))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    watching.finish("finished")
    blocks = [e for f in stored(home) for e in f.events if "batch/loss" in getattr(e, "values", {})]
    assert [int(s) for b in blocks for s in b.steps] == list(range(300))


def test_a_run_says_when_its_first_and_last_step_were(home, report):
    began = time.time()
    watching = report(mode="offline", start=False)
    for step in (3, 4, 5):
        watching.log(LOSS, step, (0.5,))
    watching.start()
    watching.finish("finished")
    told = [e for f in stored(home) for e in f.events if isinstance(e, Points)]
    times = [block for block in told if "time" in block.values]
    assert [int(step) for block in times for step in block.steps] == [3, 5]
    assert all(began - 1 <= block.values["time"][0] <= time.time() for block in times)
