"""`nanwatch export` writes every point, exactly."""

import csv
import json
import math
import subprocess
import sys

import pytest
from pyarrow import parquet

from nanwatch.cli import export as module
from nanwatch.run import start_run
from servers import wait_for

VALUES = [0.1, math.nan, math.inf, -math.inf, 1e-320, -0.0, 3.0]


def nanwatch(*arguments):
    """Run the command as a process."""
    command = [sys.executable, "-m", "nanwatch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def run(live_server, home, monkeypatch):
    """A run on a real server that the environment names."""
    monkeypatch.setenv("NANWATCH_SERVER", live_server.url)
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    with start_run(run="odd-values-7", config={"rate": 0.1}, verbose=0) as run:
        for value in VALUES:
            run.log({"loss": value, "epoch/=1+1": 2.0})
        run._reporter.finish("finished", timeout_s=20)
    wait_for(lambda: live_server.client.get(f"/runs/{run.id}/diagnoses")["diagnoses"])
    return run


def same(a, b):
    return repr(float(a)) == repr(float(b))


def test_csv_holds_one_point_a_row(run):
    done = nanwatch("export", "odd-values-7", "--series", "batch/loss")
    head, *rows = csv.reader(done.stdout.splitlines())
    assert head == ["series", "step", "value"]
    assert [(name, int(step)) for name, step, _ in rows] == [("batch/loss", k) for k in range(7)]
    assert all(same(row[2], value) for row, value in zip(rows, VALUES, strict=True))


def test_a_name_that_looks_like_a_formula_is_made_harmless():
    assert module._harmless("=1+1") == "'=1+1"
    assert module._harmless("batch/loss") == "batch/loss"


def test_json_holds_the_whole_run(run, tmp_path):
    file = tmp_path / "run.json"
    assert nanwatch("export", run.id, "-o", file).returncode == 0
    whole = json.loads(file.read_text())
    assert (whole["run"]["id"], whole["run"]["config"]) == (run.id, {"rate": 0.1})
    points = {series["name"]: series["values"] for series in whole["series"]}
    assert all(same(a, b) for a, b in zip(points["batch/loss"], VALUES, strict=True))
    assert [found["symptom"] for found in whole["diagnoses"]] == ["nan_loss"]


def test_parquet_holds_what_csv_holds(run, tmp_path):
    file = tmp_path / "points.parquet"
    assert nanwatch("export", run.id, "-o", file).returncode == 0
    table = parquet.read_table(file).to_pydict()
    rows = [v for name, v in zip(table["series"], table["value"], strict=True) if "loss" in name]
    assert all(same(a, b) for a, b in zip(rows, VALUES, strict=True))


def test_html_is_the_report_of_the_server(run, tmp_path):
    file = tmp_path / "report.html"
    assert nanwatch("export", run.id, "-o", file).returncode == 0
    assert "<h1>odd-values-7</h1>" in file.read_text()


def test_points_come_page_by_page(run, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "PAGE", 3)
    module.export([run.id, "-o", str(tmp_path / "points.csv")], standalone_mode=False)
    lines = (tmp_path / "points.csv").read_text().splitlines()
    assert len([line for line in lines if not line.startswith("time,")]) == 1 + 2 * len(VALUES)


@pytest.fixture
def gone_back(live_server, home, monkeypatch):
    """The id of a run whose step 2 and 3 were made twice."""
    monkeypatch.setenv("NANWATCH_SERVER", live_server.url)
    monkeypatch.setenv("NANWATCH_TOKEN", live_server.token)
    with start_run(run="gone-back", verbose=0) as run:
        for step, value in enumerate([1.0, 2.0, math.nan, 4.0]):
            run.log({"loss": value}, step=step)
        for step in (2, 3):
            run.log({"loss": step * 10.0}, step=step)
        run._reporter.finish("finished", timeout_s=20)
    return run.id


LOSS = ("--series", "batch/loss")
ATTEMPTS = [
    *[(step, value, 0) for step, value in enumerate(["1.0", "2.0", "NaN", "4.0"])],
    (2, "20.0", 1),
    (3, "30.0", 1),
]


def test_earlier_attempts_are_written_when_asked_for(gone_back, tmp_path):
    latest = [*csv.reader(nanwatch("export", gone_back, *LOSS).stdout.splitlines())][1:]
    assert [row[2] for row in latest] == ["1.0", "2.0", "20.0", "30.0"]
    head, *rows = csv.reader(nanwatch("export", gone_back, *LOSS, "--attempts").stdout.splitlines())
    assert head == ["series", "step", "value", "attempt"]
    assert [(int(row[1]), row[2], int(row[3])) for row in rows] == ATTEMPTS
    file = tmp_path / "points.parquet"
    assert nanwatch("export", gone_back, *LOSS, "--attempts", "-o", file).returncode == 0
    assert parquet.read_table(file).to_pydict()["attempt"] == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_earlier_attempts_come_to_another_server(gone_back, tmp_path, ending):
    file = tmp_path / f"again.{ending}"
    assert nanwatch("export", gone_back, *LOSS, "--attempts", "-o", file).returncode == 0
    assert nanwatch("import", file, "--run", "again").returncode == 0
    done = nanwatch("export", "again", *LOSS, "--attempts", "--format", "json")
    (one, two) = json.loads(done.stdout)["series"]
    assert (one["attempt"], one["steps"], two["steps"]) == (0, [0, 1, 2, 3], [2, 3])
    assert (one["values"], two["values"]) == ([1.0, 2.0, "NaN", 4.0], [20.0, 30.0])


def test_slips_are_explained(run, tmp_path):
    unknown, no_series = (
        nanwatch("export", run.id, "--format", "xlsx"),
        nanwatch("export", run.id, "--series", "batch/los"),
    )
    assert (unknown.returncode, no_series.returncode) == (2, 1)
    assert "choose one of csv, json, parquet, html" in unknown.stderr
    assert "`nanwatch show` lists them" in no_series.stderr


@pytest.mark.parametrize("output", [(), ("-o", "/nowhere/at/all.csv")])
def test_an_output_that_cannot_be_written_is_said_in_a_line(run, output):
    command = [sys.executable, "-m", "nanwatch", "export", run.id, *output]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be written: No " in done.stderr
