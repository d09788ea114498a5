"""Trainings that were killed an hour ago and are delivered now: one message, and no storm."""

import subprocess
import sys

from callback.test_cli import nanwatch
from monitor.alerting import LOOPBACK
from monitor.sinks import sink
from nanwatch_monitor.alerts import grouping
from nanwatch_monitor.store import telling
from servers import wait_for

RUNS = 5
KILLED = f"""
import os, time
now = time.time
time.time = lambda: now() - 3600
import nanwatch
runs = [nanwatch.start_run(run=f"r{{n}}", project=f"p{{n}}", verbose=0) for n in range({RUNS})]
for step in range(20):
    for run in runs:
        run.log({{"loss": 1.0 if step < 10 else float("nan")}})
os._exit(1)
"""


def test_a_backlog_is_one_late_message_and_each_of_its_alerts_is_listed(
    home, start_server, monkeypatch
):
    monkeypatch.setenv("NANWATCH_MODE", "offline")
    killed = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert killed.returncode == 1
    monkeypatch.setattr(telling, "wait_s", lambda *_: 0.0)
    monkeypatch.setattr(grouping, "GATHER_S", 1e9)  # until all have come, however long that takes
    with sink() as receiver:
        server = start_server(webhook_url=receiver.url, webhook_allow=LOOPBACK)
        monkeypatch.setenv("NANWATCH_TOKEN", server.token)
        result = nanwatch("sync", "--server", server.url)
        assert result.output.count("delivered") == RUNS, result.output
        wait_for(lambda: len(server.client.get("/alerts")["alerts"]) == RUNS, 60)
        monkeypatch.setattr(grouping, "GATHER_S", 0.0)
        wait_for(lambda: receiver.received, 60)
        server.stop()
    told = [(one["type"], one["n_alerts"]) for one in receiver.received]
    assert told == [("alert.late", RUNS)]
    assert {alert["symptom"] for alert in receiver.received[0]["alerts"]} == {"nan_loss"}
