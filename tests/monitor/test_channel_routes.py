"""Channels over HTTP: set up by an admin, tested with one request, and never given away again."""

import base64
import json

import pytest

from monitor.alerting import LOOPBACK, webhook
from monitor.sinks import sink
from nanwatch_monitor.alerts.webhook import signature_of

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def client(start_server):
    return start_server(webhook_allow=LOOPBACK).client


def ask(client, method, path, body=None):
    headers = {"Content-Type": "application/json"}
    answer = client.ask(method, f"/api/v1{path}", headers, body=json.dumps(body or {}))
    return answer.status, answer.json() if answer.data else None


def add(client, **fields):
    return ask(client, "POST", "/channels", {"kind": "webhook", "name": "Ops", **fields})


def test_a_channel_is_set_up_tested_switched_and_removed(client):
    with sink() as receiver:
        status, channel = add(client, target=receiver.url, secret=SECRET)
        assert (status, channel["enabled"], channel["source"]) == (201, True, "page")
        path = f"/channels/{channel['id']}"
        _, tested = ask(client, "POST", f"{path}/test")
    assert (tested["ok"], tested["status"], tested["error"]) == (True, 200, "")
    assert receiver.received[0]["type"] == "alert.test"
    assert client.get("/channels")["channels"][0]["last"]["state"] == "sent"
    assert ask(client, "PATCH", path, {"enabled": False})[1]["enabled"] is False
    assert ask(client, "DELETE", path)[0] == 204
    assert client.get("/channels")["channels"] == []
    assert ask(client, "POST", f"{path}/test")[0] == 404


def test_a_message_is_signed_as_standard_webhooks_has_it(client):
    with sink() as receiver:
        _, channel = add(client, target=receiver.url, secret=SECRET)
        ask(client, "POST", f"/channels/{channel['id']}/test")
    (headers,), (body,) = receiver.headers, receiver.bodies
    moment = int(headers["webhook-timestamp"])
    expected = signature_of(SECRET, headers["webhook-id"], moment, body)
    assert headers["webhook-signature"] == expected


def test_the_signature_is_that_of_the_specification():
    """The example of the reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature_of(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_lets_somebody_in_is_not_shown_again(client, tmp_path, capfd):
    with sink(500) as receiver:
        add(client, target=f"{receiver.url}&token=canary1", secret=SECRET)
        (channel,) = client.get("/channels")["channels"]
        ask(client, "POST", f"/channels/{channel['id']}/test")
    shown = json.dumps(client.get("/channels")) + json.dumps(client.get("/audit"))
    shown += "".join(capfd.readouterr())
    assert channel["target"] == "http://127.0.0.1/…"
    assert "canary1" not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "ftp://example.org/"},
        {"target": "http://8.8.8.8/hook"},
        {"target": "https://10.1.2.3/hook"},
        {"target": "https://8.8.8.8/", "secret": "canary1"},
        {"kind": "email", "target": "a@example.org"},  # no mail server is named
        {"kind": "apprise", "target": "json://localhost/"},
        {"kind": "pigeon", "target": "https://8.8.8.8/"},
        {"target": "https://8.8.8.8/", "name": ""},
        {"target": "https://8.8.8.8/\n"},
    ],
)
def test_what_could_not_be_used_is_refused(client, wrong):
    status, problem = add(client, **wrong)
    assert status == 422
    assert "canary1" not in json.dumps(problem)
    assert client.get("/channels")["channels"] == []


@pytest.mark.parametrize("field", ["kind", "name", "target", "secret"])
def test_what_is_refused_is_not_said_back(client, field):
    status, problem = add(client, **{"target": "https://8.8.8.8/", field: "canary" * 1000})
    assert status == 422
    assert len(json.dumps(problem)) < 800
    assert json.dumps(problem).count("canary") <= 30  # in `detail` and in `why`


def test_a_test_that_fails_alarms_nobody_else(client):
    with sink(404) as dead, sink() as living:
        _, channel = add(client, target=dead.url)
        add(client, target=living.url)
        assert ask(client, "POST", f"/channels/{channel['id']}/test")[1]["ok"] is False
    assert client.get("/channels")["channels"][0]["last"]["state"] == "failed"
    assert living.received == []


def test_the_channels_of_the_environment_are_fixed(start_server):
    with sink(404) as receiver:
        fixed = (webhook(receiver.url),)
        client = start_server(channels=fixed, webhook_allow=LOOPBACK).client
        (channel,) = client.get("/channels")["channels"]
        assert (channel["id"], channel["source"]) == ("env-webhook", "environment")
        for method in ("PATCH", "DELETE"):
            assert ask(client, method, "/channels/env-webhook", {"enabled": False})[0] == 409
        _, tested = ask(client, "POST", "/channels/env-webhook/test")
    assert (tested["ok"], tested["status"]) == (False, 404)
    assert client.get("/channels")["channels"][0]["last"]["state"] == "failed"
