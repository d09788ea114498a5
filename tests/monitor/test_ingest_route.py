"""What the binary route accepts, and how it refuses the rest."""

import json
import math
import socket

import pytest

from frames import frame, opening, points
from nanwatch import wire
from nanwatch.events import Heartbeat
from nanwatch_monitor import bodies


def problem(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status, answer.json()["code"]


def test_points_are_acknowledged_and_can_be_read_back(any_server):
    client = any_server.client
    values = [0.5, math.nan, math.inf, -math.inf, 5e-324]
    answer = client.send(opening(), frame(1, points(range(5), batch_loss=values)))
    assert answer.json() == {"acked": 1, "stored": 2, "duplicates": 0, "flush_interval": 0.2}
    found = client.get("/runs/run1/points?name=batch/loss")
    assert found["steps"] == [0, 1, 2, 3, 4]
    assert found["values"] == [0.5, "NaN", "Infinity", "-Infinity", 5e-324]


def test_a_repeated_request_changes_nothing(any_server):
    sent = [opening(), frame(1, points([0], batch_loss=[1]))]
    any_server.client.send(*sent)
    assert any_server.client.send(*sent).json()["duplicates"] == 2
    assert any_server.client.get("/runs/run1/points?name=batch/loss")["steps"] == [0]


def test_a_gap_names_the_frame_that_is_expected(any_server):
    any_server.client.send(opening())
    answer = any_server.client.send(frame(5, Heartbeat(1, 0.0)))
    assert problem(answer) == (409, "gap")
    assert answer.json()["expected"] == 1


def test_other_bytes_under_a_known_number_are_a_conflict(any_server):
    any_server.client.send(opening(), frame(1, Heartbeat(1, 0.0)))
    assert problem(any_server.client.send(frame(1, Heartbeat(2, 0.0)))) == (409, "conflict")


def test_a_run_must_be_opened(any_server):
    assert problem(any_server.client.send(frame(0))) == (404, "unknown_run")


good = wire.encode(opening())
BAD_BODIES = {
    "empty": b"",
    "no frame": b"hello",
    "cut": good[:-1],
    "damaged": good[:-1] + bytes([good[-1] ^ 1]),
    "trailing junk": good + b"x",
    "huge length": good[:8] + b"\xff\xff\xff\x7f" + good[12:],
    "two streams": good + wire.encode(opening("run1", "stream2")),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_malformed_frames_are_refused_and_nothing_is_stored(any_server, body):
    assert problem(any_server.client.send_bytes(body)) == (400, "malformed")
    assert any_server.client.get("/runs")["runs"] == []


def test_only_frames_are_accepted(any_server):
    send = any_server.client.send_bytes
    assert problem(send(good, content_type="application/json")) == (415, "media_type")
    assert problem(send(good, **{"Content-Encoding": "br"})) == (415, "encoding")


def test_an_oversized_body_is_refused(any_server):
    assert problem(any_server.client.send_bytes(bytes(wire.MAX_FRAME + 1))) == (413, "too_large")


def test_an_oversized_body_without_a_length_is_refused_while_it_arrives(any_server):
    endless = (bytes(1 << 16) for _ in range(10_000))
    answer = any_server.client.send_bytes(endless)
    assert problem(answer) == (413, "too_large")


def test_a_body_that_never_ends_is_given_up(any_server, monkeypatch):
    monkeypatch.setattr(bodies, "DEADLINE_S", 0.2)
    head = (
        "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        f"Content-Type: {wire.CONTENT_TYPE}\r\nAuthorization: Bearer {any_server.token}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", any_server.port)) as connection:
        connection.sendall(head.encode() + b"half of it")
        assert b" 408 " in connection.recv(4096).splitlines()[0]


def test_a_refusal_shows_little_of_what_was_sent(any_server):
    answer = any_server.client.send_bytes(good, content_type="x" * 5000 + "\u00e9")
    assert "x" * 81 not in answer.data.decode("ascii")


def test_the_route_is_described(any_server):
    described = json.loads(any_server.client.ask("GET", "/api/v1/openapi.json").data)
    body = described["paths"]["/api/v1/ingest"]["post"]["requestBody"]
    assert wire.CONTENT_TYPE in body["content"]
    (header,) = described["paths"]["/api/v1/ingest"]["post"]["parameters"]
    assert (header["name"], header["schema"]["enum"]) == ("Content-Encoding", ["identity", "gzip"])
