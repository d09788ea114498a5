"""What people say of a run: its name, its tags, a pin and a note."""

import json

import pytest

from frames import frame, opening, points
from nanwatch.events import RunStarted
from servers import wait_for


@pytest.fixture
def client(any_server):
    any_server.client.send(opening(tags=("a",)))
    return any_server.client


def edit(client, said, run_id="run1"):
    headers = {"Content-Type": "application/json"}
    body = said if isinstance(said, bytes) else json.dumps(said)
    return client.ask("PATCH", f"/api/v1/runs/{run_id}", headers, body=body)


def test_a_run_is_renamed_tagged_pinned_and_noted_and_the_rest_stays(client):
    said = {"name": "best of all", "tags": ["b", "c"], "pinned": True, "note": "two\nlines"}
    assert edit(client, said).status == 200
    assert edit(client, {"pinned": False}).status == 200
    found = client.get("/runs/run1")
    assert {key: found[key] for key in said} == said | {"pinned": False}


def test_a_writer_that_comes_later_does_not_take_the_name_back(client):
    edit(client, {"name": "mine"})
    client.send(frame(0, RunStarted("theirs", "default"), stream="later"))
    assert client.get("/runs/run1")["name"] == "mine"


def test_open_pages_hear_of_it(client):
    stream = client.open_stream()
    edit(client, {"note": "look here"})
    wait_for(lambda: b'"note":"look here"' in stream.readline())


@pytest.mark.parametrize(
    "said",
    [
        {"name": ""},
        {"name": "x" * 257},
        {"name": "a\u0000b"},
        {"tags": ["t"] * 65},
        {"tags": "t"},
        {"note": "x" * 10_001},
        {"pinned": 1},
        {"project": "other"},
        b'{"name": "\\ud800"}',
        b"[",
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(client, said):
    before = client.get("/runs/run1")
    assert edit(client, said).status in (400, 422)
    assert client.get("/runs/run1") | {"updated_at": 0} == before | {"updated_at": 0}


def test_a_run_that_is_not_there_cannot_be_edited(client):
    assert edit(client, {"pinned": True}, "nobody").status == 404


def test_a_sparkline_is_the_loss_in_few_buckets(client):
    nan = float("nan")
    client.send(frame(1, points(range(100), batch_loss=[*range(90), *[nan] * 10])))
    client.send(opening("empty", "s2"))
    found = client.get("/sparklines?run=run1&run=empty&run=nobody")["sparklines"]
    line = found.pop("run1")
    assert found == {"empty": None, "nobody": None}
    assert len(line["mean"]) <= 50
    assert (line["to"][-1], line["mean"][-1], line["nonfinite_from"]) == (99, None, 90)
