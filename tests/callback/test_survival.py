"""Crashes of either side: what was promised to be there is there, once."""

import math
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from callback.conftest import monitors_of
from ledger_server import free_port
from nanwatch.cli import main
from nanwatch.local_monitor import LocalMonitor
from nanwatch.run import start_run
from nanwatch.spool import stored_streams
from servers import Client, wait_for

MARGIN_S = 0.1  # what is older than this survives the death of its process

# Writes every step to a file of its own before and after it is logged, so that the test knows
# what the reporter was told, and when, without asking the reporter.
TRAINING = """
import math, os, sys, time
from nanwatch.run import start_run
oracle = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
run = start_run(run="killed", mode="offline", verbose=0)
os.write(oracle, f"run {run.id} 0\\n".encode())
for step in range(1_000_000):
    value = math.nan if sys.argv[2] == "nan" and step % 50 == 49 else 1.0 / (step + 1)
    run.log({"loss": value}, step=step)
    kind = "nan" if math.isnan(value) else "point"
    os.write(oracle, f"{kind} {step} {time.monotonic()}\\n".encode())
    time.sleep(0.001)
"""


def train_and_kill(oracle, after_s, kind):
    """Kill a training some time after its first step; the time of the kill and what it said."""
    process = subprocess.Popen([sys.executable, "-c", TRAINING, oracle, kind])
    while not oracle.exists() or oracle.read_text().count("\n") < 2:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(after_s)
    killed_at = time.monotonic()
    process.kill()
    process.wait()
    return killed_at, [line.split() for line in oracle.read_text().splitlines()]


@pytest.fixture
def delivered(home, tmp_path, live_server, monkeypatch):
    """Kills a training, delivers what it left, and gives what it said beside what arrived."""

    def deliver(after_s, kind):
        monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
        killed_at, ((_, run_id, _), *lines) = train_and_kill(tmp_path / "oracle", after_s, kind)
        assert CliRunner().invoke(main, ["sync", "--server", live_server.url]).exit_code == 0
        assert stored_streams(home / "spool") == []
        points = live_server.client.get(f"/runs/{run_id}/points?name=batch/loss&limit=50000")
        return killed_at, lines, dict(zip(points["steps"], points["values"], strict=True))

    return deliver


@pytest.mark.parametrize("after_s", [0.31, 0.43, 0.57, 0.68])
def test_a_killed_training_loses_nothing_older_than_a_tenth_of_a_second(delivered, after_s):
    killed_at, lines, points = delivered(after_s, "finite")
    old = {int(step) for _, step, at in lines if float(at) < killed_at - MARGIN_S}
    assert len(old) > 50
    assert old <= set(points)
    assert list(points) == list(range(len(points)))


@pytest.mark.parametrize("after_s", [0.2, 0.43, 0.79])
def test_a_killed_training_loses_no_value_that_is_not_finite(delivered, after_s):
    _, lines, points = delivered(after_s, "nan")
    logged = {int(step) for kind, step, _ in lines if kind == "nan"}
    assert len(logged) > 1
    assert logged <= {step for step, value in points.items() if value == "NaN"}


def test_a_server_that_is_killed_again_and_again_has_every_point_once(
    home, server_process, monkeypatch
):
    server = server_process(port=free_port()).start()
    monkeypatch.setenv("NANWATCH_TOKEN", server.client.token)
    monkeypatch.setattr("nanwatch.sender.LAST_RETRY_S", 0.5)
    steps = iter(range(1_000_000))
    with start_run(server.url, verbose=0) as run:
        for _ in range(3):
            log_some(run, steps, 300)
            server.kill()
            log_some(run, steps, 300)
            server.start()
        run._reporter.finish("finished", timeout_s=60)
    points = server.client.get(f"/runs/{run.id}/points?name=batch/loss&limit=50000")
    assert points["steps"] == list(range(1800))
    assert points["values"] == [math.sin(step) for step in range(1800)]
    assert server.client.get(f"/runs/{run.id}")["state"] == "finished"
    assert stored_streams(home / "spool") == []


def log_some(run, steps, n):
    for _ in range(n):
        step = next(steps)
        run.log({"loss": math.sin(step)}, step=step)
        time.sleep(0.0005)


def test_with_nothing_set_up_a_run_finds_its_own_monitor(home, capsys):
    with start_run(run="first") as run:
        run.log({"loss": 0.5})
    assert "watching run first - http://127.0.0.1:" in capsys.readouterr().err
    assert run.url.startswith(LocalMonitor(home, socket.gethostname()).find().url)
    listed = CliRunner().invoke(main, ["runs"]).output
    assert "finished" in listed
    assert run.id in listed


def test_a_training_goes_on_while_its_local_monitor_is_stopped_and_started_anew(home):
    with start_run(verbose=0) as run:
        run.log({"loss": 0.5})
        wait_for(lambda: run.url, 40)
        assert CliRunner().invoke(main, ["stop"]).exit_code == 0
        run.log({"loss": 0.25})
        LocalMonitor(home, socket.gethostname()).find_or_start()
        run._reporter.finish("finished", timeout_s=60)
    assert stored_streams(home / "spool") == []


def test_a_local_monitor_that_is_killed_is_started_anew_and_gets_what_it_missed(home):
    monitor = LocalMonitor(home, socket.gethostname())
    with start_run(verbose=0) as run:
        run.log({"loss": 0.5}, step=0)
        wait_for(lambda: run.url, 40)
        (pid,) = monitors_of(home)
        os.kill(pid, signal.SIGKILL)
        run.log({"loss": 0.25}, step=1)
        heir = wait_for(monitor.find, 40)
        run.log({"loss": 0.125}, step=2)
        run._reporter.finish("finished", timeout_s=20)
    assert stored_streams(home / "spool") == []
    found = Client(heir.url, heir.token).get(f"/runs/{run.id}/points?name=batch/loss")
    assert (found["steps"], found["values"]) == ([0, 1, 2], [0.5, 0.25, 0.125])


def test_processes_of_a_pool_leave_the_parents_run_alone(home, live_server, monkeypatch):
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    code = (
        "import multiprocessing, sys; from nanwatch.run import start_run\n"
        "def child(run): run.log({'loss': 9.0}, step=999); run.finish()\n"
        "with start_run(sys.argv[1]) as run:\n"
        "    for step in range(20):\n"
        "        run.log({'loss': 1.0}, step=step)\n"
        "        one = multiprocessing.get_context('fork').Process(target=child, args=(run,))\n"
        "        one.start(); one.join(20); assert one.exitcode == 0, one.exitcode\n"
        "print(run.id)\n"
    )
    command = [sys.executable, "-c", code, live_server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    run_id = done.stdout.strip()
    points = live_server.client.get(f"/runs/{run_id}/points?name=batch/loss")
    assert points["steps"] == list(range(20))
    assert done.stderr.count("watching run") == 1


def test_ctrl_c_twice_ends_a_training_with_a_dead_server(home):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        code = (
            "import sys, time; from nanwatch.run import start_run\n"
            "with start_run(sys.argv[1]) as run:\n"
            "    run.log({'loss': 1.0}); print('ready', flush=True); time.sleep(60)\n"
        )
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-c", code, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        process.stdout.readline()
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        _, words = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert b"nanwatch sync" in words
    assert len(stored_streams(home / "spool")) == 1
