"""Alerts reach their receiver, once, whatever the receiver and the server are up to."""

import math
import socket
import threading
import time

import pytest

from frames import frame, opening, points
from monitor.alerting import LOOPBACK, Post, Runs, diagnosis, webhook
from monitor.sinks import sink, tap
from nanwatch.events import Cause, Diagnosed, Diagnosis
from nanwatch_monitor.alerts import delivery as deliveries
from nanwatch_monitor.alerts import post as posting
from nanwatch_monitor.alerts.delivery import LONGEST_WAIT_S, wait_before
from nanwatch_monitor.alerts.settings import ChannelSettings
from nanwatch_monitor.incidents import URGENT_WAIT_S
from nanwatch_monitor.store.alerts import AlertQuery
from servers import wait_for


def test_an_incident_is_posted_once_with_the_better_diagnosis(start_server, clock):
    better = Diagnosis("nan_loss", "critical", 7, (Cause("lr_too_high", 0.9, "It is high."),))
    with sink() as receiver:
        server = start_server(clock=clock, webhook_url=receiver.url, webhook_allow=LOOPBACK)
        server.client.send(opening(), frame(1, Diagnosed(diagnosis())))
        server.client.send(frame(2, Diagnosed(better)))
        server.client.send(frame(3, Diagnosed(diagnosis(symptom="overfit"))))
        wait_for(lambda: len(server.client.get("/alerts")["alerts"]) == 2)
        clock.now += URGENT_WAIT_S
        wait_for(lambda: len(receiver.received) == 2)
        server.stop()
    first = receiver.received[0]
    told = (first["label"], first["symptom"], first["first_step"])
    assert told == ("lr_too_high", "nan_loss", 7)
    assert first["run"] == {"id": "run1", "name": "brave-fox"}
    assert first["url"].endswith("/runs/run1")
    assert (first["type"], first["n_alerts"]) == ("alert.firing", 1)
    assert first["webhook_id"] == receiver.ids[0]
    assert len(set(receiver.ids)) == 2


def test_what_is_found_is_told_when_it_is_due_and_not_at_the_next_beat(start_server, monkeypatch):
    monkeypatch.setattr(deliveries, "BEAT_S", 3600.0)
    with sink() as receiver:
        server = start_server(webhook_url=receiver.url, webhook_allow=LOOPBACK)
        server.client.send(opening(), frame(1, points([0], batch_loss=[math.nan])))
        (told,) = wait_for(lambda: receiver.received)
    assert told["symptom"] == "nan_loss"


@pytest.fixture
def runs(store, clock):
    return Runs(store, clock)


@pytest.fixture
def failed(runs, clock):
    """One run whose alert is due."""
    runs.fails()
    clock.now += 1.0


def attempts(store):
    (alert,) = store.alerts.matching(AlertQuery())
    return [(one.attempt, one.state, one.status) for one in store.alerts.attempts(alert.id)][::-1]


def test_a_receiver_that_is_down_gets_it_later_under_the_same_id(failed, store, clock):
    with sink(503, (429, {"Retry-After": "120"}), 200) as receiver:
        Post(store, clock, webhook(receiver.url)).goes(119)
        assert len(receiver.ids) == 2
        Post(store, clock, webhook(receiver.url)).goes(10)
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1
    assert attempts(store) == [(1, "retry", 503), (2, "retry", 429), (3, "sent", 200)]


@pytest.mark.parametrize("status", [400, 404, 410, 301, 307])
def test_a_refusal_is_final_and_redirects_are_not_followed(failed, store, clock, status):
    with sink(status) as receiver:
        Post(store, clock, webhook(receiver.url)).goes(7200, step=3600)
    assert len(receiver.ids) == 1
    assert attempts(store) == [(1, "failed", status)]
    assert store.alerts.matching(AlertQuery())[0].deliveries == {"failed": 1}


def test_after_a_day_it_is_given_up(failed, store, clock):
    with sink(500) as receiver:
        Post(store, clock, webhook(receiver.url)).goes(27 * 3600, step=25 * 3600)
    assert len(receiver.ids) == 2


def test_an_internal_target_is_not_reached_unasked(failed, store, clock):
    with sink() as receiver:
        Post(store, clock, webhook(receiver.url), allowed=()).goes()
    assert receiver.received == []
    assert "NANWATCH_WEBHOOK_ALLOW" in store.channels.last(["env-webhook"])["env-webhook"].error


def test_a_name_is_looked_up_once_and_stays_in_the_request(failed, store, clock, monkeypatch):
    asked, look_up = [], socket.getaddrinfo

    def rebinding(host, *more, **named):  # by the second question it would be another address
        asked.append(host)
        return look_up("127.0.0.1" if asked.count("hooks.example") == 1 else "", *more, **named)

    with sink() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.example")
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        Post(store, clock, webhook(url)).goes()
    assert asked.count("hooks.example") == 1
    assert receiver.headers[0]["Host"] == url.split("/")[2]


@pytest.mark.parametrize("drips", [b"", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100])
def test_a_receiver_that_is_silent_or_drips_is_left_in_time(
    failed, store, clock, monkeypatch, drips
):
    monkeypatch.setattr(posting, "WITHIN_S", 0.5)
    with tap(drips) as url:
        begin = time.monotonic()
        Post(store, clock, webhook(url)).goes()
        assert time.monotonic() - begin < 5
    assert attempts(store) == [(1, "retry", None)]


def test_a_dead_channel_is_told_to_the_others_once(runs, store, clock):
    with sink(404) as dead, sink() as living:
        store.channels.add(ChannelSettings("new", "webhook", "Ops", living.url), clock())
        post = Post(store, clock, webhook(dead.url))
        for run_id, project in (("run1", "zoo"), ("run2", "park"), ("run3", "farm")):
            runs.fails(run_id, project)
            post.goes(10)
    warnings = [told["text"] for told in living.received if told["type"] == "alert.channel"]
    assert warnings == ["The channel env-webhook takes no messages: the receiver answered 404"]
    assert [channel.id for channel in post.troubled] == ["env-webhook"]
    assert len(living.received) == 3 + 1


def test_a_channel_that_is_gone_keeps_nothing_waiting(failed, store, clock):
    Post(store, clock).goes()
    assert store.outbox.counts() == {"waiting": 0, "failed": 1}


def test_waits_grow_and_are_bounded():
    waits = [wait_before(attempt) for attempt in (2, 5, 50)]
    assert waits == sorted(waits)
    assert waits[-1] <= LONGEST_WAIT_S


def test_a_receiver_that_hangs_holds_up_neither_the_others_nor_the_end(start_server, monkeypatch):
    monkeypatch.setattr(deliveries, "LEAVE_WITHIN_S", 0.5)
    monkeypatch.setattr(posting, "WITHIN_S", 3600.0)
    called = threading.Event()
    with tap(called=called) as mute, sink() as receiver:
        both = (webhook(mute, "env-a"), webhook(receiver.url, "env-b"))
        server = start_server(channels=both, webhook_allow=LOOPBACK)
        server.client.send(opening(), frame(1, Diagnosed(diagnosis())))
        wait_for(lambda: receiver.received and called.is_set())
        server.monitor.alerting.delivery.stop()
        names = {thread.name for thread in threading.enumerate()}
        assert "nanwatch-alerts-env-a" in names
