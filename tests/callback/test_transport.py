"""One connection, bounded in every direction."""

import socket
import threading

import pytest

from ledger_server import Fault, LedgerServer, free_port
from nanwatch import transport
from nanwatch.transport import Answer, Endpoint, Link, LinkError


def asked(url, token=None):
    link = Link(Endpoint(url, token))
    try:
        return link.deliver([b"frame"])
    finally:
        link.close()


def test_no_token_no_header(server):
    server.always = Fault(204)
    assert asked(server.url) == Answer(204, {})
    assert "Authorization" not in server.requests[0][1]


def test_the_connection_is_kept_alive(server):
    server.always = Fault(200, body=b"{}")
    link = Link(Endpoint(server.url, None))
    before = threading.active_count()
    for _ in range(20):
        link.deliver([b"frame"])
    assert threading.active_count() <= before + 1  # the server has one thread a connection
    link.close()


def test_redirects_are_not_followed_with_the_token(server):
    with LedgerServer() as thief:
        server.always = Fault(307, {"Location": thief.url + transport.INGEST})
        assert asked(server.url, "secret").status == 307
        assert thief.requests == []


def test_an_answer_without_end_is_cut_off(server):
    server.always = Fault(200, body=b"x" * (transport.MAX_ANSWER + 1))
    with pytest.raises(LinkError, match="64 KiB"):
        asked(server.url)


def test_compressed_bombs_are_not_inflated(server):
    server.always = Fault(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b not gzip at all")
    assert asked(server.url).body == {}


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "https://127.0.0.1:{port}"])
def test_a_port_where_nobody_listens(url):
    with pytest.raises(LinkError, match="refused"):
        asked(url.format(port=free_port()))


def test_a_host_that_does_not_exist():
    with pytest.raises(LinkError, match="resolve"):
        asked("https://nobody.invalid")


def test_https_to_a_plain_server(server):
    with pytest.raises(LinkError):
        asked(server.url.replace("http://", "https://"))


def test_a_token_that_is_no_header_is_no_crash(server):
    with pytest.raises(LinkError):
        asked(server.url, "line\nbreak")


@pytest.mark.parametrize(
    "reply",
    [b"\x16\x03garbage", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b""],
)
def test_answers_that_are_no_http(reply):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_once, args=(listener, reply), daemon=True).start()
        with pytest.raises(LinkError):
            asked(f"http://127.0.0.1:{listener.getsockname()[1]}")


def answer_once(listener, reply):
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(reply)


def test_a_black_hole_is_left_after_the_timeout(monkeypatch):
    monkeypatch.setattr(transport, "READ_S", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as hole,
        pytest.raises(LinkError, match="no answer within"),
    ):
        asked(f"http://127.0.0.1:{hole.getsockname()[1]}")


def test_the_words_of_a_server_cannot_steer_the_terminal():
    assert Answer(400, {"detail": "\x1b[2Jhi\n" + "x" * 1000}).detail.startswith(" [2Jhi xxx")
    assert len(Answer(400, {"detail": "x" * 1000}).detail) == 300
    assert Answer(418, {}).detail == "HTTP status 418"
