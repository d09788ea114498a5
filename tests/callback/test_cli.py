"""The command line: quick, plain when piped, and with a way out of every failure."""

import json
import math
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from callback.test_tail import all_of
from ledger_server import LedgerServer
from nanwatch import local_monitor
from nanwatch._version import __version__
from nanwatch.cli import SECTIONS, connection, main
from nanwatch.run import start_run
from servers import wait_for

COMMANDS = [name for section in SECTIONS.values() for name in section]


def nanwatch(*arguments):
    """Run the command as a pipe would."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def server(home, live_server, monkeypatch):
    """A real server that the environment names."""
    monkeypatch.setenv("NANWATCH_SERVER", live_server.url)
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    return live_server


@pytest.fixture
def broken_run(server):
    """A run on the server that went wrong at step 7."""
    with start_run(run="calm-otter-17", project="digits", tags=["a", "b"], verbose=0) as run:
        for step in range(20):
            run.log({"loss": 1.0 if step < 7 else math.nan}, step=step)
        run._reporter.finish("finished", timeout_s=20)
    wait_for(lambda: server.client.get(f"/runs/{run.id}/diagnoses")["diagnoses"])
    return run


def offline_run(name="left-behind-10", points=30):
    with start_run(mode="offline", run=name, verbose=0) as run:
        for step in range(points):
            run.log({"loss": 1.0}, step=step)
    return run


def test_help_has_one_line_for_each_command():
    lines = nanwatch("--help").output.splitlines()
    for name, words in (pair for section in SECTIONS.values() for pair in section.items()):
        assert [line.split(maxsplit=1)[1] for line in lines if line.split()[:1] == [name]] == [
            words
        ]
    assert max(map(len, lines)) <= 80


def test_help_imports_no_server_and_no_framework():
    code = (
        "import sys; from nanwatch.cli import main; main(['--help'], standalone_mode=False);"
        "unwanted = {'fastapi', 'sqlalchemy', 'nanwatch_monitor', 'keras', 'tensorflow'};"
        "print(sorted(unwanted & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_help_lists_explains_itself(name):
    result = nanwatch(name, "--help")
    assert result.exit_code == 0
    assert f"main {name}" in result.output


def test_every_command_of_the_server_is_listed():
    from nanwatch_monitor.cli import commands

    assert {command.name for command in commands} <= set(COMMANDS)


def test_version():
    assert nanwatch("--version").output == f"nanwatch, version {__version__}\n"


def test_an_unknown_command_is_wrong_usage():
    assert nanwatch("rnus").exit_code == 2


@pytest.mark.parametrize("name", SECTIONS["Run the server"])
def test_without_the_server_its_commands_say_what_to_install(name, monkeypatch):
    monkeypatch.setattr(local_monitor, "NEEDED", ("a_package_nobody_has",))
    result = nanwatch(name, "--port", "1")
    assert result.exit_code == 1
    assert 'pip install "nanwatch[server]"' in result.output


def test_runs_as_a_table_for_pipes_and_as_json(broken_run):
    head, line = nanwatch("runs").output.splitlines()
    row = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    assert (row["name"], row["id"], row["state"]) == ("calm-otter-17", broken_run.id, "finished")
    (run,) = json.loads(nanwatch("runs", "--json").output)["runs"]
    assert run["id"] == broken_run.id


def test_runs_can_be_narrowed(broken_run):
    def ids(*arguments):
        return [
            run["id"] for run in json.loads(nanwatch("runs", *arguments, "--json").output)["runs"]
        ]

    assert ids("--project", "digits", "--state", "finished", "--limit", "5") == [broken_run.id]
    assert ids("--project", "other") == ids("--state", "failed") == []
    assert nanwatch("runs", "--state", "bored").exit_code == 2


def test_runs_goes_through_all_pages(server, monkeypatch):
    monkeypatch.setattr(connection, "PAGE", 3)
    runs = [offline_run(f"run-{k}", points=1) for k in range(8)]
    assert nanwatch("sync").exit_code == 0
    listed = json.loads(nanwatch("runs", "--limit", "7", "--json").output)["runs"]
    assert len({run["id"] for run in listed}) == 7
    assert nanwatch("show", "run-0").output.splitlines()[0].endswith(runs[0].id)


@pytest.mark.parametrize("wanted", ["id", "prefix", "name"])
def test_a_run_is_shown_by_id_prefix_or_name(broken_run, wanted):
    by = {"id": broken_run.id, "prefix": broken_run.id[:6], "name": "calm-otter-17"}
    output = nanwatch("show", by[wanted]).output
    assert broken_run.id in output
    assert "finished" in output
    assert "a, b" in output
    (line,) = [line for line in output.splitlines() if line.startswith("batch/loss")]
    assert line.split("\t")[1:4] == ["20", "1", "1"]
    assert line.split("\t")[5:] == ["13", "0", "0"]
    assert "not finite" in output


def test_show_as_json(broken_run):
    shown = json.loads(nanwatch("show", broken_run.id, "--json").output)
    assert shown["run"]["name"] == "calm-otter-17"
    assert shown["series"][0]["n_nan"] == 13
    assert shown["diagnoses"][0]["first_step"] == 7


def test_a_name_means_the_latest_run_of_that_name(server):
    for _ in range(2):
        run = offline_run("twin")
        nanwatch("sync")
    shown = nanwatch("show", "twin")
    assert (shown.exit_code, "the latest of 2 runs" in shown.output) == (0, True)
    assert f"/runs/{run.id}" in shown.output


def test_a_run_that_is_not_there_or_not_the_only_one(server):
    offline_run("twin")
    offline_run("twin")
    nanwatch("sync")
    missing, any_run = nanwatch("show", "nobody"), nanwatch("show", "")
    assert (missing.exit_code, any_run.exit_code) == (1, 2)
    assert "there is no run 'nobody'" in missing.output
    assert "may mean any of 2 runs" in any_run.output


def test_alerts_are_listed(broken_run):
    head, line = nanwatch("alerts").output.splitlines()
    row = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    assert (row["symptom"], row["run"], row["step"]) == ("nan_loss", "calm-otter-17", "7")
    (alert,) = json.loads(nanwatch("alerts", "--json").output)["alerts"]
    assert alert["run_id"] == broken_run.id


@pytest.mark.parametrize("command", ["runs", "alerts", "show x"])
def test_reading_without_a_monitor_says_how_to_start_one(home, command):
    result = nanwatch(*command.split())
    assert result.exit_code == 1
    assert "nanwatch serve" in result.output
    assert not home.exists()


def test_a_token_that_does_not_fit_is_refused(server, monkeypatch):
    monkeypatch.setenv("NANWATCH_TOKEN", "wrong")
    result = nanwatch("runs")
    assert result.exit_code == 2
    assert "NANWATCH_TOKEN" in result.output


def test_a_server_that_is_none(home):
    with LedgerServer() as other:
        other.runs = {}
        assert nanwatch("runs", "--server", other.url).exit_code == 1
    away = nanwatch("runs", "--server", other.url)
    assert away.exit_code == 1
    assert "cannot be reached" in away.output
    assert nanwatch("runs", "--server", "http://far.example").exit_code == 2


def test_hostile_names_cannot_steer_the_terminal(home):
    with LedgerServer() as hostile:
        hostile.runs = [{"id": "1", "name": "\x1b[31mred\u202e\ttab", "project": "p"}]
        output = nanwatch("runs", "--server", hostile.url).output
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert [line.count("\t") for line in output.splitlines()] == [7, 7]


def drawn(width, *arguments):
    """What a terminal of a width shows of a command, without colours."""
    leader, follower = os.openpty()
    command = [sys.executable, "-m", "nanwatch", *arguments]
    env = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    with os.fdopen(leader, "rb", buffering=0) as screen:
        done = subprocess.Popen(command, stdout=follower, stderr=follower, env=env)
        os.close(follower)
        shown = all_of(screen).decode()
    assert done.wait(30) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r", "")


def test_a_table_is_drawn_at_a_terminal(broken_run):
    shown = drawn(200, "runs")
    assert "calm-otter-17" in shown
    assert "─" in shown


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_cuts_and_folds_nothing(broken_run, width):
    for command, told in {
        "runs": ("calm-otter-17", broken_run.id, "critical", "finished"),
        "alerts": ("critical", "nan_loss", "fault loss", "calm-otter-17"),
        f"show {broken_run.id}": (broken_run.id, "batch/loss", "NaN", "at step 7"),
    }.items():
        shown = drawn(width, *command.split())
        assert [one for one in told if one not in shown] == []
        assert max(len(line) for line in shown.splitlines() if "http" not in line) <= width


def test_answers_that_go_wrong_are_told(home):
    with LedgerServer() as failing:
        result = nanwatch("alerts", "--server", failing.url)
    assert result.exit_code == 1
    assert f"{failing.url}: HTTP status 404" in result.output


def test_an_empty_list_is_said_to_be_empty(server):
    assert nanwatch("runs").stderr == "there are no runs yet\n"
    assert nanwatch("runs", "--project", "typo").stderr == "there are no such runs\n"
    assert json.loads(nanwatch("runs", "--json").stdout) == {"runs": []}
