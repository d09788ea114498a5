"""Alerts reach their receiver, once, and never an internal target unasked."""

import ipaddress
import threading

import pytest

from frames import frame, opening
from monitor.sinks import sink
from nanwatch import wire
from nanwatch.events import Cause, Diagnosed, Diagnosis, Fix
from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.alerts.delivery import LONGEST_WAIT_S, Delivery, wait_before
from nanwatch_monitor.alerts.targets import TargetError, checked, is_internal
from nanwatch_monitor.alerts.webhook import Webhook
from nanwatch_monitor.incidents import Finding
from servers import wait_for

LOOPBACK = ("127.0.0.0/8",)


def diagnosis(label, symptom="nan_loss"):
    fix = Fix("Drop the rows.", "x = x[ok]")
    return Diagnosis(symptom, "critical", 7, (Cause(label, 0.9, "Two rows.", fix=fix),))


def test_an_incident_is_posted_once_with_the_better_diagnosis(start_server):
    with sink() as receiver:
        server = start_server(webhook_url=receiver.url, webhook_allow=LOOPBACK)
        server.client.send(opening(), frame(1, Diagnosed(diagnosis("lr_too_high"))))
        server.client.send(frame(2, Diagnosed(diagnosis("nan_in_features"))))
        server.client.send(frame(3, Diagnosed(diagnosis("other", "overfit"))))
        wait_for(lambda: len(receiver.received) == 2)
        server.stop()
    first = receiver.received[0]
    assert (first["label"], first["symptom"], first["first_step"]) == (
        "nan_in_features",
        "nan_loss",
        7,
    )
    assert first["run"] == {"id": "run1", "name": "brave-fox"}
    assert first["url"].endswith("/runs/run1")
    assert first["fix"]["code"] == "x = x[ok]"
    assert first["webhook_id"] == receiver.ids[0]
    assert len(set(receiver.ids)) == 2


@pytest.fixture
def deliver(store, clock):
    """Puts an incident into the outbox and delivers what is due to a URL."""
    first = opening()
    stream_id = store.log.append([(first, wire.encode(first))], clock()).stream_id
    store.incidents.record(stream_id, (-1, 0), [Finding(diagnosis("x"), "server")], clock())
    clock.now += 1.0

    def run(url, allowed=LOOPBACK):
        Delivery(store.outbox, Webhook(url, allowed, "http://here"), clock).deliver_due()

    return run


def test_a_receiver_that_is_down_gets_it_later_under_the_same_id(deliver, clock):
    with sink(503, 429, 200) as receiver:
        for _ in range(5):
            deliver(receiver.url)
            clock.now += 3600.0
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1


@pytest.mark.parametrize("status", [400, 404, 410, 301, 307])
def test_a_refusal_is_final_and_redirects_are_not_followed(deliver, clock, status):
    with sink(status) as receiver:
        for _ in range(3):
            deliver(receiver.url)
            clock.now += 3600.0
    assert len(receiver.ids) == 1


def test_after_a_day_it_is_given_up(deliver, clock):
    with sink(500) as receiver:
        deliver(receiver.url)
        clock.now += 25 * 3600.0
        deliver(receiver.url)
        clock.now += 3600.0
        deliver(receiver.url)
    assert len(receiver.ids) == 2


def test_an_internal_target_is_not_reached_unasked(deliver):
    with sink() as receiver:
        deliver(receiver.url, allowed=())
    assert receiver.received == []


def test_a_dead_receiver_is_a_delivery_error(store, deliver, clock):
    message = store.outbox.claim(clock())
    with pytest.raises(DeliveryError) as error:
        Webhook("http://127.0.0.1:1/", LOOPBACK, "http://here").send(message)
    assert not error.value.permanent


INTERNAL = """
127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1
255.255.255.255 ::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1
2002:7f00:1:: 2001:0:1::
"""


@pytest.mark.parametrize("address", INTERNAL.split())
def test_internal_addresses_are_known(address):
    assert is_internal(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_public_addresses_are_let_through(address):
    assert not is_internal(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://8.8.8.8/", "file:///etc/passwd", "//8.8.8.8", "http://", "http://8.8.8.8:99999/",
        "http://localhost/", "http://127.1/", "http://2130706433/", "http://[::1]/", "http://[::1",
        "http://no-such-host.invalid/",
    ],
)  # fmt: skip
def test_a_forbidden_or_unknown_target_is_refused(url):
    with pytest.raises(TargetError):
        checked(url, allowed=())


def test_the_connection_goes_to_the_checked_address():
    target = checked("http://localhost:8080/a?b=1", allowed=["localhost"])
    assert ipaddress.ip_address(target.address).is_loopback
    assert (target.host_header, target.path) == ("localhost:8080", "/a?b=1")


def test_waits_grow_and_are_bounded():
    waits = [wait_before(attempt) for attempt in (2, 5, 50)]
    assert waits == sorted(waits)
    assert waits[-1] <= LONGEST_WAIT_S


class Mute:
    """A receiver that never answers."""

    def __init__(self):
        self.asked, self.over = threading.Event(), threading.Event()

    def send(self, _message):
        self.asked.set()
        self.over.wait()


def test_a_receiver_that_never_answers_does_not_hold_up_the_end(deliver, store, clock):
    channel = Mute()
    delivery = Delivery(store.outbox, channel, clock)
    delivery.start()
    channel.asked.wait()
    delivery.stop()
    assert delivery._thread.is_alive()
    channel.over.set()
    delivery._thread.join()
