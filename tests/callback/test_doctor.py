"""`nanwatch doctor` finds what is wrong with a set-up, and says how to mend it."""

import json
import os
import subprocess
import sys

import pytest

from ledger_server import free_port
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
