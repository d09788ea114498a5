"""What alerts promise, with real servers and receivers: soon, once, and not too many."""

import math
import statistics
import time
from contextlib import contextmanager

import pytest

from frames import frame, opening, points
from monitor.alerting import LOOPBACK, Post, Runs, webhook
from monitor.sinks import sink
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.alerts import AlertQuery
from servers import wait_for

RUNS = 1000


def nan_run(client, run_id, project="zoo"):
    """A run whose loss turns NaN; the moment at which the server had it."""
    stream = f"s-{run_id}"
    losses = points(range(3), batch_loss=[1.0, 0.9, math.nan])
    client.send(
        opening(run_id, stream, project=project), frame(1, losses, run_id=run_id, stream=stream)
    )
    return time.time()


def test_a_nan_is_told_within_seconds(start_server, capsys):
    with sink() as receiver:
        server = start_server(webhook_url=receiver.url, webhook_allow=LOOPBACK)
        began = [nan_run(server.client, f"run{n}", f"project{n}") for n in range(8)]
        wait_for(lambda: len(receiver.received) == 8)
        server.stop()
    arrived = {
        told["run"]["id"]: at for told, at in zip(receiver.received, receiver.at, strict=True)
    }
    took = sorted(arrived[f"run{n}"] - at for n, at in enumerate(began))
    words = f"NaN to sink: median {statistics.median(took):.2f} s, slowest of 8 {took[-1]:.2f} s"
    with capsys.disabled():
        print(f"\n{words}")  # noqa: T201 - measured, not asserted
    assert len(set(receiver.ids)) == 8


def test_a_thousand_at_once_are_a_few_messages_and_all_listed(tmp_path, clock):
    store = Store.open(f"sqlite:///{tmp_path / 'storm.db'}", ("env-webhook",))
    runs = Runs(store, clock)
    for n in range(RUNS):
        runs.fails(f"run{n}", f"project{n}")
    with sink() as receiver:
        post = Post(store, clock, webhook(receiver.url))
        post.goes(60)
        assert len(receiver.received) <= 11
        post.goes(120)
    assert sum(told["n_alerts"] for told in receiver.received) == RUNS
    assert len(store.alerts.matching(AlertQuery(limit=2 * RUNS))) == RUNS
    store.close()


@contextmanager
def told_server(server_process):
    """A server as a process, and who is told of its alerts."""
    with sink() as receiver:
        environ = {"NANWATCH_WEBHOOK_URL": receiver.url, "NANWATCH_WEBHOOK_ALLOW": "127.0.0.0/8"}
        yield server_process(**environ).start(), receiver


def ids_over_a_kill(server, receiver, run_id, pause_s):
    """Under which ids a run's NaN is told when the server is killed so soon after it."""
    before = len(receiver.ids)
    nan_run(server.client, run_id, f"project of {run_id}")
    time.sleep(pause_s)  # before, while or after it is sent
    server.kill()
    server.start()
    wait_for(lambda: len(receiver.ids) > before, within_s=45)
    wait_for(lambda: server.client.get("/alerts")["alerts"][0]["deliveries"]["sent"] == 1, 45)
    return receiver.ids[before:]


@pytest.mark.parametrize("pause_s", [0.0, 1.2])
def test_a_server_that_is_killed_sends_it_all_the_same_and_at_most_twice(server_process, pause_s):
    with told_server(server_process) as (server, receiver):
        ids = ids_over_a_kill(server, receiver, "run1", pause_s)
    assert len(ids) <= 2
    assert len(set(ids)) == 1
