"""`nanwatch sync`: what trainings left on disk is delivered, or kept with a reason."""

import json

import pytest

from callback.test_cli import nanwatch, offline_run
from frames import opening
from ledger_server import LedgerServer, free_port
from nanwatch.run import start_run
from nanwatch.spool import Spool, stored_streams
from servers import wait_for


@pytest.fixture
def server(home, live_server, monkeypatch):
    """A real server that the environment names."""
    monkeypatch.setenv("NANWATCH_SERVER", live_server.url)
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    return live_server


def test_sync_delivers_what_offline_runs_left(server, home):
    run = offline_run(points=30)
    result = nanwatch("sync")
    assert result.exit_code == 0
    assert f"left-behind-10 ({run.id}): delivered" in result.output
    points = server.client.get(f"/runs/{run.id}/points?name=batch/loss")
    assert points["steps"] == list(range(30))
    assert stored_streams(home / "spool") == []
    assert "nothing to deliver" in nanwatch("sync").output


def test_sync_as_json(server, home):
    run = offline_run()
    (report,) = json.loads(nanwatch("sync", "--json").output)["streams"]
    assert (report["run_id"], report["name"]) == (run.id, "left-behind-10")
    assert (report["state"], report["rejected"]) == ("delivered", 0)
    assert json.loads(nanwatch("sync", "--json").output) == {"streams": []}


def test_a_run_that_was_deleted_ends_in_words_and_leaves_nothing_behind(server, home, capsys):
    with start_run(run="unwanted-5") as run:
        run.log({"loss": 1.0}, step=0)
        path = f"/api/v1/runs/{run.id}"
        wait_for(lambda: server.client.ask("DELETE", path).status == 204)
        run.log({"loss": 1.0}, step=1)
        run._reporter.finish("finished", timeout_s=20)
    assert "the run was deleted on the server" in capsys.readouterr().err
    assert stored_streams(home / "spool") == []
    assert server.client.get("/runs")["runs"] == []


def test_sync_removes_what_is_left_of_a_deleted_run(server, home):
    run = offline_run()
    server.client.send(opening(run.id, "s1"))
    server.client.ask("DELETE", f"/api/v1/runs/{run.id}")
    result = nanwatch("sync")
    assert result.exit_code == 0
    assert "was deleted on the server" in result.output
    assert stored_streams(home / "spool") == []


def test_sync_leaves_a_running_training_alone(server, home):
    spool = Spool(home / "spool", "still-running", print)
    spool.append([])
    result = nanwatch("sync")
    assert result.exit_code == 0
    assert "its training is running" in result.output
    spool.close(delivered=False)


def test_sync_starts_a_local_monitor_when_none_runs(home):
    run = offline_run()
    assert nanwatch("sync").exit_code == 0
    (found,) = json.loads(nanwatch("runs", "--json").output)["runs"]
    assert found["id"] == run.id
    assert nanwatch("stop").exit_code == 0
    assert nanwatch("runs").exit_code == 1


def test_sync_keeps_what_it_cannot_deliver(home, monkeypatch):
    monkeypatch.setattr("nanwatch.cli.sync.TRIES", 2)
    offline_run()
    result = nanwatch("sync", "--server", f"http://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert "kept on disk" in result.output
    assert "refused" in result.output
    assert len(stored_streams(home / "spool")) == 1


def test_sync_says_what_the_server_refuses_and_delivers_the_rest(home):
    offline_run(points=3)
    with LedgerServer() as picky:
        take = picky.take
        picky.take = lambda body: (400, {"detail": "no"}) if b"batch/loss" in body else take(body)
        result = nanwatch("sync", "--server", picky.url)
    assert result.exit_code == 1
    assert "the server refused 1 (no), they are kept" in result.output
    assert len(list(home.glob("spool/*/*/rejected/*.frame"))) == 1


def test_a_folder_that_cannot_be_read_is_not_called_empty(home):
    home.mkdir(exist_ok=True)
    (home / "spool").write_text("no folder")
    result = nanwatch("sync")
    assert result.exit_code == 1
    assert result.output.endswith("spool cannot be read: Not a directory\n")
