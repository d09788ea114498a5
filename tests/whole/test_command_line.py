"""The command line whole: each command as a process, before a real server."""

import csv
import json
import math
import os
import subprocess
import sys
import threading

import pytest
from pyarrow import parquet

from frames import frame, opening, points
from monitor.sinks import sink
from nanwatch.events import Cause, Diagnosed, Diagnosis, RunEnded
from nanwatch.run import start_run
from servers import ServerProcess, wait_for

LOSSES = [1.0, 0.5, math.inf, math.nan]
FOUND = Diagnosis("nan_loss", "critical", 2, (Cause("lr_too_high", 0.9, "It is."),), "loss")
ENDED = frame(1, points(range(4), batch_loss=LOSSES), Diagnosed(FOUND), RunEnded("finished"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The monitor of a user, with one run that ended badly."""
    folder = tmp_path_factory.mktemp("home")
    with sink() as receiver:
        loopback = {"NANWATCH_WEBHOOK_ALLOW": "127.0.0.0/8"}
        server = ServerProcess(folder, NANWATCH_WEBHOOK_URL=receiver.url, **loopback).start()
        server.client.send(opening(), ENDED)
        wait_for(lambda: server.client.get("/alerts")["alerts"])
        yield server
        server.stop()


@pytest.fixture
def home(server):
    """The data folder of that user."""
    return server.folder


@pytest.fixture
def nanwatch(home):
    """Runs a command; its exit code, and what it says on both channels."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("NANWATCH_")}

    def finish(*arguments):
        command = [sys.executable, "-m", "nanwatch", *map(str, arguments)]
        env = {**kept, "NANWATCH_DIR": str(home)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    return finish


@pytest.fixture
def listed(nanwatch):
    """Runs a command that ends well; what it lists as JSON."""

    def finish(*arguments):
        code, said, why = nanwatch(*arguments, "--json")
        assert (code, why) == (0, "")
        return json.loads(said)

    return finish


def test_what_is_there_is_listed(listed):
    assert [run["id"] for run in listed("runs")["runs"]] == ["run1"]
    shown = listed("show", "brave-fox")
    assert (shown["run"]["id"], shown["series"][0]["n_nan"]) == ("run1", 1)
    (alert,) = listed("alerts")["alerts"]
    assert (alert["symptom"], alert["fault"], alert["label"]) == ("nan_loss", "loss", "lr_too_high")
    assert all(check["fine"] for check in listed("doctor")["checks"])
    assert listed("alerts", "test")["channels"][0]["test"]["ok"]
    assert listed("explain", "lr_too_high")["label"] == "lr_too_high"


def test_tokens_are_made_listed_and_revoked(listed):
    made = listed("token", "create", "ci", "--scope", "read")
    assert listed("token", "list")["tokens"][0]["id"] == made["id"]
    assert listed("token", "revoke", made["id"])["revoked_at"]


def test_a_run_that_is_over_is_followed_to_its_end(nanwatch):
    code, said, _ = nanwatch("tail", "run1")
    assert (code, said.splitlines()[0]) == (0, "finished  step 3  loss NaN")
    assert "nanwatch: the loss is not finite at step 2" in said


def test_an_alert_is_dealt_with(nanwatch, listed):
    (alert,) = listed("alerts")["alerts"]
    for words, state in (("ack", "acknowledged"), ("resolve", "resolved"), ("reopen", "open")):
        code, said, _ = nanwatch("alerts", words, alert["id"])
        assert (code, said.strip().rpartition(": ")[2]) == (0, state)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_points_are_exported_exactly(nanwatch, tmp_path, form):
    file = tmp_path / f"points.{form}"
    assert nanwatch("export", "run1", "--output", file)[0] == 0
    if form == "csv":
        values = [row["value"] for row in csv.DictReader(file.read_text().splitlines())]
    elif form == "json":
        values = json.loads(file.read_text())["series"][0]["values"]
    else:
        values = parquet.read_table(file).column("value").to_pylist()
    assert repr(list(map(float, values))) == repr(LOSSES)


def test_what_lies_elsewhere_is_brought(nanwatch, listed, home, tmp_path, monkeypatch):
    (tmp_path / "training.csv").write_text("epoch,loss\n0,0.7\n")
    assert nanwatch("import", tmp_path / "training.csv")[0] == 0
    monkeypatch.setenv("NANWATCH_DIR", str(home))
    with start_run(mode="offline", run="left-behind", verbose=0) as run:
        run.log({"loss": 1.0})
    assert [one["state"] for one in listed("sync")["streams"]] == ["delivered"]
    assert {run["name"] for run in listed("runs")["runs"]} >= {"training", "left-behind"}


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("rnus", "No such command"),
        ("runs --limit 0", "--limit"),
        ("runs --state bored", "'running'"),
        ("show", "Missing argument 'RUN'"),
        ("tail", "Missing argument 'RUN'"),
        ("alerts ack seven", "ALERT"),
        ("alerts mute 1 --for soon", "such as 30m"),
        ("export run1 --format xlsx", "csv, json, parquet"),
        ("import nowhere.csv", "does not exist"),
        ("explain nonsense_xyz", "explain"),
        ("check nowhere.py", "does not exist"),
        ("token create ci", "--scope"),
        ("doctor --server ftp://x", "http"),
        ("sync --server nowhere", "http"),
        ("serve --port x", "--port"),
        ("backup", "Missing argument 'FILE'"),
        ("restore nowhere.db", "nanwatch stop"),
        ("migrate --database-url mysql://x", "sqlite"),
        ("stop now", "unexpected extra argument"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_how(nanwatch, command, says):
    code, said, why = nanwatch(*command.split())
    assert (code, said) == (2, "")
    assert says.lower() in why.lower()
    assert "Traceback" not in why


def test_what_is_not_there_ends_with_1(nanwatch):
    for command in ("show nobody", "alerts ack 99", "token revoke 99", "alerts test pigeon"):
        code, _, why = nanwatch(*command.split())
        assert (code, "Error: " in why) == (1, True)


def test_a_database_is_kept_and_put_back_and_the_monitor_ended(nanwatch, server, tmp_path):
    kept = tmp_path / "kept.db"
    assert nanwatch("migrate")[1].startswith("is up to date")
    assert nanwatch("backup", kept)[0] == 0
    reaping = threading.Thread(target=server.process.wait)  # until then a child is not gone
    reaping.start()
    assert nanwatch("stop")[:2] == (0, f"stopped the monitor at {server.url}\n")
    reaping.join()
    code, said, _ = nanwatch("restore", kept, "--force")
    assert (code, f"of {kept} now in" in said) == (0, True)
    assert nanwatch("stop")[:2] == (0, "no local monitor runs\n")
