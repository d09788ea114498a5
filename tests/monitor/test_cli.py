"""The commands around the server."""

import json
import threading

import pytest
from click.testing import CliRunner

from frames import opening
from nanwatch_monitor.cli import commands
from servers import Client

COMMANDS = {command.name: command for command in commands}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in the test's own home folder."""
    for name in ("NANWATCH_DATABASE_URL", "NANWATCH_HOST", "NANWATCH_PORT", "NANWATCH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NANWATCH_DIR", str(tmp_path))

    def invoke(name, *arguments):
        return CliRunner().invoke(COMMANDS[name], arguments)

    return invoke


def test_the_token_is_made_once_and_printed(run, tmp_path):
    first, again = run("token"), run("token")
    assert first.output == again.output == (tmp_path / "token").read_text()
    assert first.output.startswith("nw_a_")
    assert len(first.output.strip()) == len("nw_a_") + 43


def test_a_login_link_opens_the_dashboard(run, server_process):
    server_process().start()
    link = run("token", "--login").output.strip()
    base, _, path = link.partition("/login")
    browser = Client(base)
    assert "set-cookie" in browser.ask("GET", f"/login{path}").headers
    browser.close()


def test_a_login_link_needs_a_monitor(run):
    done = run("token", "--login")
    assert done.exit_code == 2
    assert "nanwatch serve" in done.output


def test_stop_ends_the_monitor(run, server_process):
    process = server_process().start()
    reaping = threading.Thread(target=process.process.wait)  # until then a child is not gone
    reaping.start()
    done = run("stop")
    reaping.join()
    assert done.output == f"stopped the monitor at {process.url}\n"
    assert run("stop").output == "no local monitor runs\n"


def test_stop_says_when_there_is_nothing_to_stop(run):
    done = run("stop")
    assert (done.exit_code, done.output) == (0, "no local monitor runs\n")


@pytest.mark.parametrize("port", ["x", "-1", "70000"])
def test_a_wrong_port_is_refused(run, monkeypatch, port):
    monkeypatch.setenv("NANWATCH_PORT", port)
    done = run("serve")
    assert done.exit_code == 2
    assert "NANWATCH_PORT" in done.output


def test_a_webhook_that_is_no_url_is_refused(run, monkeypatch):
    monkeypatch.setenv("NANWATCH_WEBHOOK_URL", "hooks.example/nan")
    done = run("serve")
    assert done.exit_code == 2
    assert "NANWATCH_WEBHOOK_URL" in done.output


def test_an_empty_token_file_lets_nobody_in(run, tmp_path):
    (tmp_path / "token").touch()
    done = run("token")
    assert done.exit_code == 2
    assert "the file is empty" in done.output


@pytest.fixture
def token_command(run, live_server, monkeypatch):
    """Runs `nanwatch token ...` against a server."""
    monkeypatch.setenv("NANWATCH_SERVER", live_server.url)
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)

    def invoke(*arguments):
        return run("token", *arguments)

    return invoke


def test_tokens_are_made_listed_and_revoked(token_command, live_server):
    wanted = ("ci", "--scope", "write", "--project", "zoo", "--expires", "30d")
    secret = token_command("create", *wanted).output.strip()
    client = Client(live_server.url, secret)
    assert client.send(opening()).status == 200
    listed = json.loads(token_command("list", "--json").output)["tokens"]
    (only,) = listed
    assert (only["name"], only["scope"], only["project"]) == ("ci", "write", "zoo")
    assert only["expires_at"] - only["created_at"] == 30 * 86_400
    assert secret not in token_command("list").output
    assert token_command("revoke", str(only["id"])).output == "revoked token 1 (ci)\n"
    assert client.send(opening()).status == 401
    client.close()


def test_a_token_command_that_makes_no_sense_is_refused(token_command):
    assert token_command("create", "x", "--scope", "all").exit_code == 2
    assert "such as 30d" in token_command("create", "x", "--scope", "read", "--expires", "1").output
    wrong = token_command("create", "x", "--scope", "read", "--project", "zoo")
    assert (wrong.exit_code, "leave out `project`" in wrong.output) == (1, True)
    assert token_command("revoke", "7").exit_code == 1


def test_a_token_that_may_not_make_tokens_is_told_so(token_command, monkeypatch):
    reading = token_command("create", "viewer", "--scope", "read").output.strip()
    monkeypatch.setenv("NANWATCH_TOKEN", reading)
    done = token_command("create", "x", "--scope", "admin")
    assert (done.exit_code, "scope is read" in done.output) == (2, True)
