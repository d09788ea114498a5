"""`nanwatch import` brings a run from a file to a server."""

import json
import math

import pytest
from click.testing import CliRunner

from nanwatch.cli import main
from nanwatch.run import start_run
from servers import wait_for


def nanwatch(*arguments):
    """Run the command as a pipe would."""
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


@pytest.fixture
def server(home, live_server, monkeypatch):
    """A real server that the environment names."""
    monkeypatch.setenv("NANWATCH_SERVER", live_server.url)
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    return live_server


def imported(server, said):
    """The id of the run whose page was named."""
    assert said.exit_code == 0, said.output
    return said.output.split("/runs/")[1].strip()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_what_was_exported_comes_back_point_by_point(server, tmp_path, form):
    with start_run(run="there-1", tags=["a"], config={"rate": 0.5}, verbose=0) as run:
        for value in (1.0, math.nan, math.inf, 0.25):
            run.log({"loss": value})
        run._reporter.finish("finished", timeout_s=20)
    wait_for(lambda: server.client.get(f"/runs/{run.id}/diagnoses")["diagnoses"])
    file = tmp_path / f"points.{form}"
    nanwatch("export", run.id, "-o", file)
    again = imported(server, nanwatch("import", file, "--project", "moved"))
    path = "points?name=batch/loss"
    found, origin = (server.client.get(f"/runs/{one}/{path}") for one in (again, run.id))
    assert found == origin
    assert server.client.get(f"/runs/{again}")["project"] == "moved"


def test_json_keeps_what_the_run_was_and_what_was_found(server, tmp_path):
    file = tmp_path / "run.json"
    run = {"name": "old-2", "state": "failed", "reason": "it broke", "config": {"rate": 2}}
    when = {"started_at": "2026-01-02T03:04:05Z", "ended_at": "2026-01-02T03:05:05Z"}
    cause = {"label": "lr_too_high", "confidence": 0.9, "summary": "too high"}
    found = {
        "symptom": "exploding_loss",
        "severity": "critical",
        "first_step": 3,
        "causes": [cause],
    }
    series = [{"name": "batch/loss", "steps": [3], "values": ["Infinity"]}]
    file.write_text(json.dumps({"run": run | when, "series": series, "diagnoses": [found]}))
    again = imported(server, nanwatch("import", file))
    view = server.client.get(f"/runs/{again}")
    assert (view["name"], view["state"], view["reason"]) == ("old-2", "failed", "it broke")
    assert view["started_at"].startswith("2026-01-02T03:04:05")
    wait_for(lambda: server.client.get(f"/runs/{again}/diagnoses")["diagnoses"])


def test_a_table_of_keras_csvlogger_is_a_row_an_epoch(server, tmp_path):
    file = tmp_path / "training.csv"
    file.write_text("epoch,accuracy,loss,val_loss\n0,0.5,0.7,NA\n1,0.6,nan,0.9\n")
    again = imported(server, nanwatch("import", file))
    assert server.client.get(f"/runs/{again}")["name"] == "training"
    losses = server.client.get(f"/runs/{again}/points?name=epoch/loss")
    assert (losses["steps"], losses["values"]) == ([0, 1], [0.7, "NaN"])
    assert server.client.get(f"/runs/{again}/points?name=epoch/val_loss")["steps"] == [1]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.json", "{", "truncated"),
        ("a.json", '{"run": {"name": "a"}, "series": [{"name": "x"}]}', "steps"),
        ("a.csv", "", "neither of"),
        ("a.csv", "step,loss\n1,2\n", "neither of"),
        ("a.csv", "epoch,loss\n-1,2\n", "line 2"),
        ("a.csv", "epoch,loss\n0,two\n", "'two' is no number"),
        ("a.csv", "epoch,loss\n0\n", "line 2 has 1 cells"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(server, tmp_path, name, text, why):
    (tmp_path / name).write_text(text)
    said = nanwatch("import", tmp_path / name)
    assert said.exit_code == 2
    assert why in said.output
    assert server.client.get("/runs")["runs"] == []
