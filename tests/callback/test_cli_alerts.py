"""`nanwatch alerts` deals with alerts, and says whether channels work."""

import json

import pytest

from callback.test_cli import broken_run, nanwatch, server
from monitor.alerting import LOOPBACK, webhook
from monitor.sinks import sink

__all__ = ["broken_run", "server"]


def said(*words):
    """What a command says about alert 1."""
    result = nanwatch("alerts", words[0], "1", *words[1:])
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_an_alert_is_acknowledged_resolved_and_reopened(broken_run):
    about = "alert 1 (nan_loss in calm-otter-17)"
    assert said("ack") == f"{about}: acknowledged"
    assert said("resolve") == f"{about}: resolved"
    assert nanwatch("alerts", "--state", "open").stdout.count("\n") == 1
    assert said("reopen") == f"{about}: open"
    assert json.loads(nanwatch("alerts", "--state", "open", "--json").output)["alerts"]


def test_an_alert_is_muted_for_a_while_or_until_it_is_worse(broken_run):
    assert said("mute").endswith("open, muted until it is worse")
    assert "muted until 20" in said("mute", "--for", "2h")
    assert said("unmute").endswith(": open")
    assert nanwatch("alerts", "mute", "1", "--for", "soon").exit_code == 2


def test_an_alert_that_is_not_there_is_said(server):
    result = nanwatch("alerts", "ack", "7")
    assert result.exit_code == 1
    assert result.output.endswith("there is no such alert; `nanwatch alerts` lists them.\n")


@pytest.fixture
def reached(start_server, monkeypatch):
    """A server with one channel that works and one that does not."""
    with sink() as living, sink(404) as dead:
        channels = (webhook(living.url, "env-webhook"), webhook(dead.url, "env-slack"))
        started = start_server(channels=channels, webhook_allow=LOOPBACK)
        monkeypatch.setenv("NANWATCH_SERVER", started.url)
        monkeypatch.setenv("NANWATCH_TOKEN", started.token)
        yield living


def test_every_channel_is_tried(home, reached):
    result = nanwatch("alerts", "test")
    assert result.exit_code == 1
    head, *lines = [line.split("\t") for line in result.output.splitlines()]
    told = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(one["id"], one["arrived"], one["status"]) for one in told] == [
        ("env-webhook", "yes", "200"),
        ("env-slack", "no", "404"),
    ]
    assert "key=1" not in result.output


def test_one_channel_is_tried_by_its_id(home, reached):
    result = nanwatch("alerts", "test", "env-webhook", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)["channels"][0]["test"]["ok"] is True
    assert len(reached.received) == 1
    assert nanwatch("alerts", "test", "nobody").exit_code == 1


def test_without_a_channel_it_is_said_how_to_set_one_up(server):
    result = nanwatch("alerts", "test")
    assert result.exit_code == 1
    assert "NANWATCH_SLACK_URL" in result.output
