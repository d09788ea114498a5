"""Who did what is written down."""

import pytest

from frames import opening
from nanwatch_monitor.store.audit import Entry
from nanwatch_monitor.trail import action_of
from servers import Client


@pytest.mark.parametrize(
    ("method", "template", "action"),
    [
        ("DELETE", "/api/v1/runs/{run_id}", "runs.delete"),
        ("PATCH", "/api/v1/runs/{run_id}", "runs.change"),
        ("POST", "/api/v1/tokens", "tokens.create"),
        ("POST", "/api/v1/channels/{channel_id}/test", "channels.test"),
        ("PUT", "/api/v1/retention", "retention.change"),
    ],
)
def test_an_action_has_a_word(method, template, action):
    assert action_of(method, template) == action


def test_every_change_is_in_the_trail_with_who_made_it(any_server):
    client = any_server.client
    client.send(opening())
    made = client.ask("POST", "/api/v1/tokens", json={"name": "nurse", "scope": "admin"}).json()
    nurse = Client(any_server.url, made["token"])
    nurse.ask("DELETE", "/api/v1/runs/run1")
    nurse.ask("DELETE", "/api/v1/runs/run1")  # not there any more: nothing was changed
    client.ask("DELETE", f"/api/v1/tokens/{made['id']}")
    nurse.close()
    entries = client.get("/audit")["entries"]
    assert [(entry["actor"], entry["action"], entry["subject"]) for entry in entries] == [
        ("the server's own token", "tokens.delete", "1"),
        ("token 1 (nurse)", "runs.delete", "run1"),
        ("the server's own token", "tokens.create", ""),
    ]
    assert entries[-1]["detail"] == "token 1 (nurse), admin"
    assert made["token"] not in str(entries)


def test_logins_are_in_the_trail(any_server):
    code = any_server.client.ask("POST", "/api/v1/login-codes").json()["path"]
    browser = Client(any_server.url)
    browser.ask("GET", code)
    browser.ask("POST", "/login", json={"token": any_server.token})
    browser.close()
    entries = any_server.client.get("/audit")["entries"]
    assert [(entry["action"], entry["detail"]) for entry in entries] == [
        ("login", "pasted token, from 127.0.0.1"),
        ("login", "link, from 127.0.0.1"),
        ("login-codes.create", ""),
    ]


def test_the_trail_comes_in_pages(store):
    for number in range(3):
        store.audit.record(Entry(number, "who\0", "what", detail="x" * 10_000))
    ids = [at for at, _ in store.audit.entries(2)]
    assert [at for at, _ in store.audit.entries(9, before_id=ids[-1])] == [ids[-1] - 1]
    assert {(e.actor, len(e.detail)) for _, e in store.audit.entries(9)} == {("who", 300)}


def test_a_change_that_cannot_be_written_down_has_happened_all_the_same(any_server, caplog):
    database = any_server.monitor.store.database
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO away")
    made = any_server.client.ask("POST", "/api/v1/tokens", json={"name": "x", "scope": "read"})
    assert made.status == 201
    assert "not in the audit" in caplog.text
    with database.write() as connection:  # the next test has the same PostgreSQL
        connection.exec_driver_sql("ALTER TABLE away RENAME TO audit")
