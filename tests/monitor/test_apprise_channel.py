"""Apprise runs apart from the server, for services of a list alone, and not for ever."""

import pytest

pytest.importorskip("apprise")

from nanwatch_monitor.alerts.apprise_channel import SCHEMES, Apprise, hardened
from nanwatch_monitor.alerts.channel import DeliveryError
from nanwatch_monitor.store.outbox import Message

TEST = Message("msg_1", "1", "test")


@pytest.mark.parametrize(
    "url",
    [
        "json://localhost/",
        "xml://localhost",
        "http://10.0.0.1",
        "file:///etc",
        "mailto://a:b@c",
        "",
    ],
)
def test_what_is_no_chat_service_of_the_list_is_refused(url):
    with pytest.raises(ValueError, match="tgram"):
        hardened(url)


def test_options_that_soften_its_checks_are_removed():
    url = hardened("ntfys://topic?verify=no&cto=99&priority=high&rto=99&redirect=yes")
    assert url == "ntfys://topic?priority=high"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its plugins' own imports
def test_every_service_of_the_list_is_one_that_apprise_knows():
    from apprise import Apprise as Services

    known = set()
    for service in Services().details()["schemas"]:
        known |= set(service["protocols"] or ()) | set(service["secure_protocols"] or ())
    assert SCHEMES - known == set()


def test_what_it_does_not_take_is_no_success():
    with pytest.raises(DeliveryError, match="did not take it"):
        Apprise("tgram://nonsense", "http://here", within_s=120).send(TEST)


def test_it_is_ended_when_it_takes_too_long():
    with pytest.raises(DeliveryError, match="not done"):
        Apprise("tgram://123456789:abcdefg_hijklmnop/1", "http://here", within_s=0.01).send(TEST)
