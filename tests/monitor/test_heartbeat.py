"""The sign of life goes out while the server can do its work, and only then."""

import socket
import threading

import pytest

from monitor.alerting import LOOPBACK
from nanwatch_monitor.alerts.heartbeat import EVERY_S, Heartbeat
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.settings import from_environment
from servers import wait_for


class Listener:
    """Who waits for signs of life: counts them, and answers as it is told."""

    def __init__(self):
        self.heard, self.answer = [], b"HTTP/1.1 200 OK"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/ping/secret"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            with self._listening.accept()[0] as connection:
                request = connection.recv(65536)
                if not request:
                    return
                self.heard.append(request.split(b"\r\n")[0])
                connection.sendall(self.answer + b"\r\nContent-Length: 0\r\n\r\n")

    def close(self):
        socket.create_connection(self._listening.getsockname()).close()
        self._thread.join()
        self._listening.close()


@pytest.fixture
def listener():
    found = Listener()
    yield found
    found.close()


@pytest.fixture
def beat(listener, clock):
    """Looks every second for some time; how many signs went out."""
    heartbeat = Heartbeat(listener.url, LOOPBACK, clock)

    def run(seconds, trouble=None):
        before = len(listener.heard)
        for _ in range(seconds):
            heartbeat.look(lambda: trouble)
            clock.now += 1
        return len(listener.heard) - before

    return run


def test_it_is_given_once_a_minute_by_a_plain_request(beat, listener):
    assert beat(300) == 5
    assert set(listener.heard) == {b"GET /ping/secret HTTP/1.1"}


def test_a_server_in_trouble_is_silent_until_it_is_well(beat, caplog):
    assert beat(600, "storing has stopped") == 0
    assert beat(60) == 1
    told = [record.getMessage() for record in caplog.records]
    assert told == ["no sign of life goes out: storing has stopped", "signs of life go out again"]


def test_what_fails_is_tried_a_minute_later_and_tells_no_secret(beat, listener, caplog):
    listener.answer = b"HTTP/1.1 404 Not Found"
    assert beat(120) == 2
    (told,) = [record.getMessage() for record in caplog.records]
    assert told == "no sign of life goes out: the receiver answered 404"


def test_a_clock_that_is_set_back_silences_nobody(beat, clock):
    assert beat(10) == 1
    clock.now -= 86_400
    assert beat(2 * int(EVERY_S)) == 2


def test_an_internal_address_is_not_asked_for_unless_it_is_allowed(listener, clock, caplog):
    Heartbeat(listener.url, (), clock).look(lambda: None)
    assert listener.heard == []
    assert "NANWATCH_WEBHOOK_ALLOW" in caplog.text


def test_a_server_gives_signs_by_itself_and_stops_when_its_alerts_stop(start_server, listener):
    server = start_server(heartbeat_url=listener.url, webhook_allow=LOOPBACK)
    wait_for(lambda: listener.heard)
    assert server.monitor.trouble() is None
    server.monitor.alerting.upkeep.stop()
    assert server.monitor.trouble() == "alerting has stopped"


def test_an_address_that_is_none_is_refused_at_the_start(tmp_path):
    environ = {"NANWATCH_DIR": str(tmp_path), "NANWATCH_HEARTBEAT_URL": "ftp://example.org/x"}
    with pytest.raises(SetupError, match="NANWATCH_HEARTBEAT_URL cannot be used"):
        from_environment(environ)
