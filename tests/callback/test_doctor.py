"""`nanwatch doctor` finds what is wrong with a set-up, and says how to mend it."""

import json
import os
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError

import pytest

from ledger_server import LedgerServer, free_port
from nanwatch.cli import doctor
from nanwatch.run import start_run


def examined(**environ):
    """The checks by name, and the exit code of the process."""
    command = [sys.executable, "-m", "nanwatch", "doctor", "--json"]
    env = {**os.environ, **environ}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}, done.returncode


@pytest.fixture
def named(home, live_server):
    """The environment of a set-up in which all is well."""
    return {"NANWATCH_SERVER": live_server.url, "NANWATCH_TOKEN": live_server.token}


def test_a_set_up_in_which_all_is_well(named):
    checks, code = examined(**named)
    assert [name for name, check in checks.items() if not check["fine"]] == []
    assert code == 0
    assert set(checks) >= {"Keras", "spool", "server", "versions", "clock", "database", "token"}


def test_a_wrong_token_a_dead_server_and_a_folder_that_is_a_file(named, tmp_path):
    (tmp_path / "file").write_text("")
    wrong = {
        "token": {"NANWATCH_TOKEN": "nonsense"},
        "server": {"NANWATCH_SERVER": f"http://127.0.0.1:{free_port()}"},
        "spool": {"NANWATCH_DIR": str(tmp_path / "file" / "below")},
    }
    for name, environ in wrong.items():
        checks, code = examined(**{**named, **environ})
        assert (code, checks[name]["fine"], bool(checks[name]["mend"])) == (1, False, True)


def test_a_server_that_is_older_in_another_time_and_not_ready(home):
    with LedgerServer() as odd:
        odd.health = {"service": "nanwatch", "version": "0.0.1", "time": time.time() - 90}
        checks, code = examined(NANWATCH_SERVER=odd.url)
        odd.health = {"service": "something else"}
        strange, _ = examined(NANWATCH_SERVER=odd.url)
    told = {name: check["seen"] for name, check in checks.items() if not check["fine"]}
    assert (code, set(told)) == (1, {"versions", "clock", "database", "token"})
    assert "0.0.1 there" in told["versions"]
    assert told["database"] == "HTTP status 404"
    assert "something else answers there" in strange["server"]["seen"]


def test_a_clock_is_off_by_more_than_the_answer_took():
    assert [doctor.clock(theirs, 100.0, 104.0).fine for theirs in (99.0, 105.0)] == [True, True]
    early, late = doctor.clock(10.0, 100.0, 104.0), doctor.clock(194.0, 100.0, 104.0)
    assert (early.seen, late.seen) == ("90 s from the server's", "90 s from the server's")
    assert (early.fine, late.mend) == (False, "set both clocks by NTP")


def test_a_database_that_takes_nothing_in_is_told(named, live_server):
    with live_server.monitor.store.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE login_code")
    checks, code = examined(**named)
    assert (code, checks["database"]["fine"]) == (1, False)
    assert checks["database"]["seen"].startswith("the database takes nothing in")


def test_without_keras_or_a_backend_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(doctor, "BACKENDS", ("no_such_backend",))
    assert "with no backend" in doctor.keras().seen
    monkeypatch.setattr(doctor, "version", no_such_package)
    check = doctor.keras()
    assert (check.seen, "pip install" in check.mend) == ("not installed", True)


def no_such_package(_name):
    raise PackageNotFoundError


@pytest.mark.parametrize(
    ("scope", "fine", "seen"),
    [("write", True, "for reporting"), ("read", False, "for reading"), ("admin", True, "accepted")],
)
def test_a_token_is_good_for_what_its_scope_says(named, live_server, scope, fine, seen):
    made = live_server.client.ask("POST", "/api/v1/tokens", json={"name": "x", "scope": scope})
    checks, code = examined(**{**named, "NANWATCH_TOKEN": made.json()["token"]})
    assert (checks["token"]["fine"], seen in checks["token"]["seen"]) == (fine, True)
    assert code == (0 if fine else 1)


def test_points_that_wait_are_told(named):
    with start_run(mode="offline", verbose=0) as run:
        run.log({"loss": 1.0})
    checks, code = examined(**named)
    assert (code, checks["deliveries"]["mend"]) == (1, "nanwatch sync")


def test_no_local_monitor_is_nothing_to_mend(home):
    checks, code = examined()
    assert (code, checks["server"]["seen"].split(";")[0]) == (0, "no local monitor runs")


@pytest.mark.parametrize(("theirs", "fine"), [(None, True), (104.0, True), (90.0, False)])
def test_a_clock_may_be_some_seconds_off(theirs, fine):
    assert doctor.clock(theirs, 99.0, 100.0).fine is fine


def test_words_for_people(capsys):
    doctor._write([doctor.Check("spool", "can be written"), doctor.Check("token", "no", "set it")])
    fine, bad, mend, total = capsys.readouterr().out.splitlines()
    assert (fine, bad) == ("  ok  spool  can be written", "mend  token  no")
    assert (mend.strip(), total) == ("-> set it", "1 thing to mend")
