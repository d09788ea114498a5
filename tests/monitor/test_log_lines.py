"""What is logged stays in its line, and no secret gets there."""

import json
import logging
import socket

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from frames import opening
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.log_lines import JsonLine, OneLine
from nanwatch_monitor.settings import from_environment
from servers import Client, wait_for

EVIL = "a\r\n2026-01-01 ERROR forged\x1b[31m\x9b\u202e\u2028\0"
CANARY = "nw_a_CANARY" + "x" * 32
HOOK = "CANARYofthehook"


def record_of(message, error=None):
    info = (type(error), error, None) if error else None
    return logging.LogRecord("nanwatch", logging.WARNING, "file", 1, message, (), info)


def test_a_line_from_outside_forges_no_other_and_steers_no_terminal():
    line = OneLine("%(levelname)s %(message)s").format(record_of(EVIL))
    assert line == (
        r"WARNING a\r\n2026-01-01 ERROR forged\x1b[31m\x9b\u202e\u2028\x00"
    )  # fmt: skip


def test_an_error_from_outside_stays_indented_below_its_line():
    first, *below = (
        OneLine("%(message)s").format(record_of("it failed", ValueError(EVIL))).split("\n")
    )
    assert first == "it failed"
    assert below
    assert all(line.startswith("  ") and line.isprintable() for line in below)


def test_a_log_in_json_is_one_object_a_line():
    line = JsonLine().format(record_of(EVIL, ValueError("x")))
    assert line.isascii()
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["message"]) == ("WARNING", EVIL)
    assert "ValueError" in told["traceback"]


def output_of(process):
    """What a server said on both channels since it began to serve; it ends."""
    process.client.close()
    process.process.terminate()
    return process.process.communicate()


def test_a_log_format_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(SetupError, match="text or json"):
        from_environment({"NANWATCH_DIR": str(tmp_path), "NANWATCH_LOG_FORMAT": "xml"})


def everything_said_to(client, token):
    """The answers to requests that are right, wrong, and beyond the database."""
    paths = ("/", "/settings", "/metrics", "/nothing", "/api/v1/runs", "/api/v1/tokens")
    for path in (*paths, "/api/v1/audit", "/api/v1/about", "/api/v1/channels", f"/runs/{token}"):
        for header in ({}, {"Authorization": f"Bearer {token}x"}, {"Cookie": f"nanwatch={token}"}):
            yield client.ask("GET", path, header).data
    as_json = {"Content-Type": "application/json"}
    for body in (json.dumps({"token": token})[:-1], json.dumps({"token": [token]})):
        yield client.ask("POST", "/login", as_json, body=body.encode()).data


def test_no_secret_gets_out_and_a_log_can_be_json(server_process, tmp_path):
    process = server_process(
        NANWATCH_TOKEN=CANARY,
        NANWATCH_WEBHOOK_URL=f"https://hooks.example/{HOOK}",
        NANWATCH_LOG_FORMAT="json",
    ).start()
    admin = Client(process.url, CANARY)
    admin.send(opening())
    made = admin.ask("POST", "/api/v1/tokens", json={"name": "x", "scope": "read"}).json()["token"]
    cookie = admin.ask("POST", "/login", json={"token": CANARY}).headers["set-cookie"]
    session = cookie.partition("=")[2].partition(";")[0]
    secrets = [CANARY, HOOK, made, session, process.client.token]
    said = b"".join(
        answer for secret in secrets[:3] for answer in everything_said_to(admin, secret)
    )
    admin.ask("DELETE", "/api/v1/runs/run1")
    admin.close()
    output, errors = output_of(process)
    assert "run run1 was deleted" in [json.loads(line)["message"] for line in errors.splitlines()]
    said += output + errors
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("nanwatch.db*"))
    assert b"api_token" in stored
    for secret in secrets:
        assert secret.encode() not in said
        assert secret.encode() not in stored


def test_a_fault_of_the_server_is_in_its_log_alone(live_server, caplog, monkeypatch):
    def fails():
        raise RuntimeError("this is inside")

    monkeypatch.setattr(live_server.monitor.store.retention, "rule", fails)
    answer = live_server.client.ask("GET", f"/api/v1/retention?of={CANARY}")
    assert (answer.status, answer.json()["code"]) == (500, "bug")
    assert b"inside" not in answer.data.replace(b"inside the server", b"")
    wait_for(lambda: "this is inside" in caplog.text)
    for secret in (CANARY, live_server.token):
        assert secret not in caplog.text


def test_strangers_cannot_fill_the_log(server_process):
    process = server_process().start()
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert process.client.ask("GET", "/healthz", upgrade).status == 200
    with socket.create_connection(("127.0.0.1", int(process.url.rpartition(":")[2]))) as stranger:
        stranger.sendall(b"no HTTP\r\n\r\n")
        assert b" 400 " in stranger.recv(100)
    assert output_of(process)[1] == b""


def test_an_error_of_the_database_tells_no_values(store):
    query = text("SELECT 1 FROM nothing WHERE x = :x")
    with store.database.write() as connection, pytest.raises(SQLAlchemyError) as caught:
        connection.execute(query, {"x": CANARY})
    assert CANARY not in str(caught.value)
