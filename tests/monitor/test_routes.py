"""The JSON that other programs rely on."""

import base64
import math

import numpy as np
import pytest

from frames import frame, opening, points
from nanwatch.events import Cause, Diagnosed, Diagnosis, Fix, Heartbeat, RunEnded
from nanwatch.losses import LOSSES
from servers import wait_for

RUN = {
    "id", "name", "project", "state", "health", "tags", "started_at", "ended_at", "last_step",
    "reason", "updated_at", "state_reason", "hung_since", "incidents", "last_loss", "best_val_loss",
    "size_bytes", "pinned", "note",
}  # fmt: skip
DIAGNOSIS = Diagnosis(
    "nan_loss",
    "critical",
    3,
    (Cause("nan_in_features", 0.9, "A cell is NaN.", where={"rows": (1,)}, fix=Fix("Drop it.")),),
)


@pytest.fixture
def client(any_server):
    return any_server.client


def test_a_run_is_listed_and_told_in_full(client):
    client.send(opening(tags=("a",), config={"lr": math.inf}, facts={"seed": 7}))
    client.send(frame(1, points([3], batch_loss=[math.nan], epoch_val_loss=[0.5])))
    (listed,) = client.get("/runs")["runs"]
    assert set(listed) == RUN
    assert (listed["state"], listed["last_step"], listed["last_loss"]) == ("running", 3, "NaN")
    assert listed["best_val_loss"] == 0.5
    told = client.get("/runs/run1")
    assert told["config"] == {"lr": "Infinity"}
    assert told["facts"] == {"seed": 7}


def test_runs_come_in_pages(client):
    for number in range(3):
        client.send(opening(f"run{number}", f"s{number}"))
    first = client.get("/runs?limit=2")
    rest = client.get(f"/runs?limit=2&cursor={first['next']}")
    assert [run["id"] for run in first["runs"] + rest["runs"]] == ["run2", "run1", "run0"]
    assert rest["next"] is None
    assert client.get("/runs?limit=3")["next"] is None  # no page behind the last run


def hangs(run_id, stream):
    beat = Heartbeat(7, idle_s=301.0, patience_s=300.0)
    return frame(1, beat, run_id=run_id, stream=stream)


def test_runs_are_filtered_by_state_and_project(client):
    client.send(opening("ended", "s0"), frame(1, RunEnded("failed"), run_id="ended", stream="s0"))
    client.send(opening("alive", "s1", project="other"))
    client.send(opening("stands", "s2"), hangs("stands", "s2"))
    for query, expected in [
        ("state=failed", ["ended"]),
        ("state=running", ["alive"]),
        ("state=lost", []),
        ("state=hung", ["stands"]),
        ("project=other", ["alive"]),
    ]:
        assert [run["id"] for run in client.get(f"/runs?{query}")["runs"]] == expected


def test_a_run_that_failed_is_not_called_healthy(client):
    client.send(opening(), frame(1, RunEnded("failed", "RuntimeError: out of memory")))
    client.send(opening("fine", "s1"), frame(1, RunEnded("finished"), run_id="fine", stream="s1"))
    assert [client.get(f"/runs/{name}")["health"] for name in ("run1", "fine")] == ["warning", "ok"]


def test_points_come_in_exact_pages(client):
    client.send(opening(), frame(1, points(range(10), batch_loss=range(10))))
    path = "/runs/run1/points?name=batch/loss&from=2&to=8&limit=4"
    first = client.get(path)
    rest = client.get(f"{path}&cursor={first['next']}")
    assert first["steps"] + rest["steps"] == [2, 3, 4, 5, 6, 7, 8]
    assert rest["next"] is None


def test_series_are_summed_up(client):
    values = [1.0, math.inf, -math.inf, 3.0, math.nan]
    client.send(opening(), frame(1, points(range(5), batch_loss=values)))
    (found,) = client.get("/runs/run1/series")["series"]
    assert found == {
        "name": "batch/loss", "n": 5, "n_nan": 1, "n_pinf": 1, "n_ninf": 1,
        "min": 1.0, "max": 3.0, "last": "NaN",
    }  # fmt: skip


def test_an_overview_is_the_same_in_both_forms(client):
    client.send(opening(), frame(1, points(range(4), batch_loss=[1, 3, math.nan, math.inf])))
    path = "/runs/run1/overview?name=batch/loss&buckets=2"
    plain, typed = client.get(path), client.get(f"{path}&format=typed")
    assert (plain["from"], plain["to"]) == ([0, 2], [1, 3])
    assert (plain["min"], plain["max"], plain["mean"]) == ([1, None], [3, None], [2, None])
    assert (plain["n"], plain["n_nonfinite"]) == ([2, 2], [0, 2])
    assert plain["nonfinite"] == [{"step": 2, "kind": "NaN"}, {"step": 3, "kind": "Infinity"}]
    mean = np.frombuffer(base64.b64decode(typed["mean"]["bdata"]), typed["mean"]["dtype"])
    assert repr(mean.tolist()) == "[2.0, nan]"
    assert typed["nonfinite"] == plain["nonfinite"]


def test_a_diagnosis_of_the_training_process_is_shown_and_alerts(client):
    client.send(opening(), frame(1, Diagnosed(DIAGNOSIS)))
    (found,) = wait_for(lambda: client.get("/runs/run1/diagnoses")["diagnoses"])
    assert found["symptom"] == "nan_loss"
    assert found["source"] == "client"
    assert found["causes"][0]["where"] == {"rows": [1]}
    (alert,) = client.get("/alerts")["alerts"]
    assert (alert["label"], alert["state"], alert["run_id"]) == ("nan_in_features", "open", "run1")
    assert client.get("/runs/run1")["health"] == "critical"


def test_alerts_are_filtered_by_run(client):
    for run_id in ("run1", "run2"):
        client.send(opening(run_id, run_id))
        client.send(frame(1, Diagnosed(DIAGNOSIS), run_id=run_id, stream=run_id))
    wait_for(lambda: len(client.get("/alerts")["alerts"]) == 2)
    (alert,) = client.get("/alerts?run=run1&limit=1")["alerts"]
    assert alert["run_id"] == "run1"
    assert client.get("/alerts?run=nothing")["alerts"] == []


def test_the_causes_are_told(client):
    causes = {cause["label"]: cause for cause in client.get("/causes")["causes"]}
    assert causes["nan_in_features"]["remedy"]


def test_the_losses_are_told(client):
    losses = {loss["name"]: loss for loss in client.get("/losses")["losses"]}
    assert set(losses) == set(LOSSES)
    huber = losses["Huber"]
    assert huber["strings"] == ["huber", "Huber"]
    assert [(one["name"], one["default"]) for one in huber["parameters"]] == [("delta", 1.0)]
    assert set(huber["hazards"][0]) == {"condition", "result", "remedy"}


BAD_REQUESTS = [
    ("/runs/nothing", 404),
    ("/runs/nothing/series", 404),
    ("/runs/run1/points?name=nothing", 404),
    ("/nothing", 404),
    ("/runs/%00", 422),
    ("/runs/a%0d%0ab", 422),
    ("/runs?limit=0", 422),
    ("/runs?limit=NaN", 422),
    ("/runs?cursor=1e400", 422),
    ("/runs?project=%00", 422),
    ("/runs?state=dead", 422),
    ("/alerts?run=%00", 422),
    ("/runs/run1/points", 422),
    ("/runs/run1/points?name=%ed%a0%80", 404),
    ("/runs/run1/points?name=batch/loss&from=-1", 422),
    (f"/runs/run1/points?name=batch/loss&from={10**30}", 422),
    ("/runs/run1/overview?name=batch/loss&buckets=1000000", 422),
    (f"/runs/run1/overview?name={'x' * 5000}", 422),
]


@pytest.mark.parametrize(("path", "status"), BAD_REQUESTS)
def test_a_bad_request_is_told_what_is_wrong(client, path, status):
    client.send(opening(), frame(1, points([0], batch_loss=[1])))
    answer = client.ask("GET", f"/api/v1{path}")
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(answer.json())
    assert b"Traceback" not in answer.data
    assert b"x" * 81 not in answer.data


def test_a_lost_database_is_said_and_nothing_breaks(any_server):
    database = any_server.monitor.store.database
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE run RENAME TO away")
    answer = any_server.client.ask("GET", "/api/v1/runs")
    assert answer.status == 503
    assert answer.headers["retry-after"]
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO run")
    assert any_server.client.get("/runs")["runs"] == []
