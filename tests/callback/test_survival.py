"""Crashes of either side: what was promised to be there is there, once."""

import itertools
import os
import random
import signal
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from callback.conftest import monitors_of
from crashes import delivered, kept, log_for, said, train_and_kill, train_while_the_server_dies
from ledger_server import free_port
from nanwatch.cli import main
from nanwatch.local_monitor import LocalMonitor
from nanwatch.run import start_run
from nanwatch.spool import stored_streams
from proxy import Proxy
from servers import Client, wait_for


@pytest.mark.parametrize("after_s", [0.31, 0.43, 0.57, 0.68])
def test_a_killed_training_loses_nothing_older_than_a_tenth_of_a_second(
    home, tmp_path, live_server, after_s
):
    death = train_and_kill(tmp_path / "oracle", after_s, "finite")
    points = delivered(death, home, live_server)
    assert len(death.old) > 50
    assert death.old <= set(points)
    assert list(points) == list(range(len(points)))


@pytest.mark.parametrize("after_s", [0.2, 0.43, 0.79])
def test_a_killed_training_loses_no_value_that_is_not_finite(home, tmp_path, live_server, after_s):
    death = train_and_kill(tmp_path / "oracle", after_s, "nan")
    points = delivered(death, home, live_server)
    assert len(death.nans) > 1
    assert death.nans <= {step for step, value in points.items() if value == "NaN"}


def test_a_server_that_is_killed_again_and_again_has_every_point_once(
    home, server_process, monkeypatch
):
    server = server_process(port=free_port()).start()
    n, run_id = train_while_the_server_dies(server, 3, monkeypatch, seed=1)
    assert kept(server.client, run_id) == said(n)
    assert stored_streams(home / "spool") == []


# asyncio, in the proxy, may forget a connection that is cut off while it is opened.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_way_that_breaks_in_every_way_loses_and_doubles_nothing(home, server, monkeypatch, seed):
    monkeypatch.setattr("nanwatch.sender.LAST_RETRY_S", 0.1)
    modes = ["cut", "refuse", "halve", "garbage", "pass", "cut", "hole", "pass", "drip"]
    random.Random(seed).shuffle(modes)  # noqa: S311 - no secret
    steps = itertools.count()
    with Proxy(server.port) as way, start_run(way.url, verbose=0) as run:
        for mode in modes:
            way.turn(mode)
            n = log_for(run, steps, 0.1)
        way.turn("pass")
        server.wait_for(lambda: server.steps()[-1:] == [n - 1], 30)
    assert server.steps() == list(range(n))


def test_a_killed_training_goes_on_from_its_checkpoint_as_the_same_run(
    home, tmp_path, live_server, monkeypatch
):
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    death = train_and_kill(tmp_path / "oracle", 0.4, "finite")
    before = delivered(death, home, live_server)
    checkpoint, end = len(before) - 50, len(before) + 20
    assert checkpoint > 0
    with start_run(live_server.url, resume=death.run_id, verbose=0) as run:
        for step in range(checkpoint, end):
            run.log({"loss": -1.0}, step=step)
    after = kept(live_server.client, run.id)
    assert after == {step: before[step] if step < checkpoint else -1.0 for step in range(end)}
    told = live_server.client.get(f"/runs/{death.run_id}")
    assert (told["state"], told["name"]) == ("finished", "killed")


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
        "    run._reporter.finish('finished', timeout_s=60)\n"
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
            "import sys, time; from nanwatch import breaker, run, sender\n"
            "breaker.UNANSWERED_S, leave = 600, sender.Sender.finish\n"
            "def leave_slowly(self, _): print('leaving', flush=True); leave(self, 600)\n"
            "sender.Sender.finish = leave_slowly\n"
            "with run.start_run(sys.argv[1]) as run:\n"
            "    run.log({'loss': 1.0}); print('ready', flush=True); time.sleep(600)\n"
        )
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-c", code, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for told in (b"ready\n", b"leaving\n"):
            assert process.stdout.readline() == told
            process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert b"nanwatch sync" in words
    assert len(stored_streams(home / "spool")) == 1


def test_a_server_put_in_the_place_of_another_has_the_run_from_its_introduction_on(
    home, server_process, tmp_path, monkeypatch
):
    monkeypatch.setattr("nanwatch.sender.LAST_RETRY_S", 0.5)
    port = free_port()
    old = server_process(port=port, NANWATCH_TOKEN="nw_a_the-same-at-both").start()
    monkeypatch.setenv("NANWATCH_TOKEN", "nw_a_the-same-at-both")
    steps = itertools.count()
    with start_run(old.url, run="moved", verbose=0) as run:
        n = log_for(run, steps, 0.3)
        wait_for(lambda: _last_of(old.client, run.id) == n - 1)
        old.kill()
        for file in tmp_path.rglob("nanwatch.db*"):
            file.unlink()
        new = old.start()
        n = log_for(run, steps, 0.3)
        wait_for(lambda: _last_of(new.client, run.id) == n - 1)
    assert new.client.get(f"/runs/{run.id}")["name"] == "moved"
    assert kept(new.client, run.id) == said(n)


def _last_of(client, run_id):
    """The last step that a server has of a run, which it need not know."""
    return client.ask("GET", f"/api/v1/runs/{run_id}").json().get("last_step")
