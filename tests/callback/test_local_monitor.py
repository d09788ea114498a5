"""The local monitor is found, or started once, and every way in which that fails is explained."""

import json
import os
import socket
import subprocess
import sys

import pytest

from ledger_server import LedgerServer, free_port
from nanwatch import local_monitor
from nanwatch.local_monitor import LocalMonitor, MonitorUnavailableError, server_for
from nanwatch.settings import ClientSettings
from nanwatch.transport import Endpoint, Link, NamedServer


def write_note(home, url, host="here", instance="i"):
    folder = home / "hosts" / host
    folder.mkdir(parents=True)
    note = {"url": url, "pid": os.getpid(), "instance": instance, "version": "1"}
    (folder / "monitor.json").write_text(json.dumps(note))


def test_a_monitor_is_started_found_again_and_lets_its_user_in(home):
    monitor = LocalMonitor(home, "here")
    assert monitor.find() is None
    started = LocalMonitor(home, socket.gethostname()).find_or_start()
    found = LocalMonitor(home, socket.gethostname()).find()
    assert found == started
    assert found.local
    assert found.token.startswith("nw_a_")
    link = Link(found)
    assert link.get("/api/v1/runs").body == {"runs": [], "next": None}
    link.close()


def test_a_started_monitor_outlives_the_process_that_started_it(home):
    code = (
        "import pathlib, socket, sys; from nanwatch.local_monitor import LocalMonitor;"
        "print(LocalMonitor(pathlib.Path(sys.argv[1]), socket.gethostname()).find_or_start().url)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, home],
        check=True,
        capture_output=True,
        text=True,
    )
    assert LocalMonitor(home, socket.gethostname()).find().url == done.stdout.strip()
    assert done.stderr == ""


def test_two_trainings_started_at_once_end_up_with_one_monitor(home):
    code = (
        "import pathlib, socket, sys; from nanwatch.local_monitor import LocalMonitor;"
        "print(LocalMonitor(pathlib.Path(sys.argv[1]), socket.gethostname()).find_or_start().url)"
    )
    command = [sys.executable, "-c", code, home]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    urls = {process.communicate(timeout=60)[0] for process in both}
    assert len(urls) == 1
    assert LocalMonitor(home, socket.gethostname()).find().url == urls.pop().strip()


def test_the_users_own_modules_beside_the_script_are_not_imported(home, tmp_path, monkeypatch):
    (tmp_path / "uvicorn.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    assert LocalMonitor(home, socket.gethostname()).find_or_start().local


def test_a_monitor_on_another_host_of_the_same_home_is_not_taken(home):
    with LedgerServer() as elsewhere:
        write_note(home, elsewhere.url, host="elsewhere")
        assert LocalMonitor(home, "here").find() is None


def test_a_note_of_a_dead_monitor_is_not_believed(home):
    write_note(home, f"http://127.0.0.1:{free_port()}")
    assert LocalMonitor(home, "here").find() is None


def test_a_note_without_its_monitor_means_that_it_was_killed(home):
    monitor = LocalMonitor(home, "here")
    assert not monitor.has_died()  # never there, or ended by its user
    with LedgerServer() as server:
        server.health = {"service": "nanwatch", "instance": "i"}
        write_note(home, server.url)
        assert not monitor.has_died()
        server.health = {}
        assert monitor.has_died()


@pytest.mark.parametrize(
    "health",
    [{}, {"service": "other"}, {"service": "nanwatch", "instance": "of somebody else"}],
)
def test_a_stranger_on_the_port_of_a_dead_monitor_gets_no_token(home, health):
    with LedgerServer() as stranger:
        stranger.health = health
        write_note(home, stranger.url)
        assert LocalMonitor(home, "here").find() is None
        assert all("Authorization" not in headers for _, headers, _ in stranger.requests)


def test_the_monitor_of_the_note_is_told_by_its_instance(home):
    with LedgerServer() as server:
        server.health = {"service": "nanwatch", "instance": "i"}
        write_note(home, server.url + "/")
        (home / "token").write_text("nw_a_secret\n")
        found = LocalMonitor(home, "here").find()
    assert found == Endpoint(server.url, "nw_a_secret", local=True)


@pytest.mark.parametrize("content", [b"", b"{", b'{"url": 5}', b"\xff"])
def test_a_damaged_note_counts_as_none(home, content):
    write_note(home, "http://127.0.0.1:1")
    (home / "hosts" / "here" / "monitor.json").write_bytes(content)
    assert LocalMonitor(home, "here").find() is None


def test_without_the_server_extra_it_says_what_to_install(home, monkeypatch):
    monkeypatch.setattr(local_monitor, "NEEDED", ("nanwatch_monitor", "a_package_nobody_has"))
    with pytest.raises(MonitorUnavailableError) as said:
        LocalMonitor(home, "here").find_or_start()
    assert "a_package_nobody_has" in said.value.why
    assert 'pip install "nanwatch[server]"' in said.value.how
    assert not home.exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MonitorUnavailableError) as said:
        LocalMonitor(tmp_path / "file", "here").find_or_start()
    assert str(tmp_path / "file") in said.value.what
    assert "NANWATCH_DIR" in said.value.how


def test_a_monitor_that_dies_at_its_start_is_quoted(home):
    folder = home / "hosts" / socket.gethostname()
    folder.mkdir(parents=True)
    (folder / "nanwatch.db").write_text("no database, but it was in the way " * 100)
    with pytest.raises(MonitorUnavailableError) as said:
        LocalMonitor(home, socket.gethostname()).find_or_start()
    assert "exit code" in said.value.why
    assert "database" in said.value.why
    assert "nanwatch serve" in said.value.how


def test_a_monitor_that_never_answers_is_given_up(home, tmp_path, monkeypatch):
    mute = tmp_path / "python"
    mute.write_text("#!/bin/sh\nexit 0\n")
    mute.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(mute))
    with pytest.raises(MonitorUnavailableError, match="does not answer"):
        LocalMonitor(home, "here").find_or_start(timeout_s=0.3)


def test_named_servers_get_the_token_of_the_environment(home):
    environ = {"NANWATCH_TOKEN": "mine", "NANWATCH_DIR": str(home)}
    settings = ClientSettings.resolve("https://watch.example", environ=environ)
    assert server_for(settings) == NamedServer(Endpoint("https://watch.example", "mine"))


def test_the_token_file_is_for_loopback_only(home):
    home.mkdir()
    (home / "token").write_text("nw_a_secret")
    near = ClientSettings.resolve("http://localhost:8777", environ=dict(os.environ))
    far = ClientSettings.resolve("https://watch.example", environ=dict(os.environ))
    assert server_for(near).find().token == "nw_a_secret"
    assert server_for(far).find().token is None
    assert isinstance(server_for(ClientSettings.resolve(environ=dict(os.environ))), LocalMonitor)
