"""Whatever bytes come over a socket: an answer below 500, and no connection that just breaks."""

import http.client
import socket
import time

import pytest

from nanwatch import wire
from nanwatch_monitor import bodies, protocol
from servers import Client, ServerThread, wait_for

HOST = b"Host: localhost\r\n"
FRAMES = b"Content-Type: %s\r\n" % wire.CONTENT_TYPE.encode()
FULL = (503, "application/problem+json", "full")
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def get(path=b"/healthz", headers=b"", version=b"HTTP/1.1"):
    return b"GET %s %s\r\n%s%s\r\n" % (path, version, HOST, headers)


def post(headers, body=b"", path=b"/api/v1/ingest"):
    return b"POST %s HTTP/1.1\r\n%sTOKEN%s%s\r\n%s" % (path, HOST, FRAMES, headers, body)


CORPUS = {
    "nothing but a line": b"\r\n\r\n" + get(),
    "garbage": bytes(range(256)),
    "zeros": bytes(1000),
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/1.0 without a host": b"GET / HTTP/1.0\r\n\r\n",
    "HTTP/9.9": get(version=b"HTTP/9.9"),
    "no version": b"GET / \r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "SMTP": b"EHLO localhost\r\n\r\n",
    "redis": b"*1\r\n$4\r\nPING\r\n\r\n",
    "unknown method": get().replace(b"GET", b"BREW"),
    "small letters": get().replace(b"GET", b"get"),
    "long method": get().replace(b"GET", b"G" * 5000),
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": get(headers=b"Host: evil.example\r\n"),
    "empty host": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "host with spaces": b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
    "absolute address": get(b"http://evil.example/healthz"),
    "authority": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "empty path": b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
    "no slash": get(b"healthz"),
    "NUL in the path": get(b"/a\0b"),
    "encoded NUL": get(b"/%00"),
    "bad escape": get(b"/%zz%"),
    "latin-1 path": get(b"/\xe9\xff"),
    "escaped bad UTF-8": get(b"/runs/%ff%fe"),
    "escaped slashes": get(b"/static/..%2f..%2f..%2fetc%2fpasswd"),
    "dots": get(b"/static/../../../../etc/passwd"),
    "backslashes": get(b"/static/..\\..\\etc\\passwd"),
    "line feed in the path": get(b"/a%0d%0aX-Evil:%201"),
    "long path": get(b"/" + b"a" * 20_000),
    "long query": get(b"/api/v1/runs?project=" + b"a" * 20_000),
    "long header": get(headers=b"X: " + b"a" * 20_000 + b"\r\n"),
    "many headers": get(headers=b"X: 1\r\n" * 5000),
    "endless header": get()[:-2] + b"X: " + b"a" * 300_000,
    "header without a colon": get(headers=b"nonsense\r\n"),
    "header without a name": get(headers=b": x\r\n"),
    "folded header": get(headers=b"X: a\r\n b\r\n"),
    "space before the colon": get(headers=b"X : a\r\n"),
    "NUL in a header": get(headers=b"X: a\0b\r\n"),
    "bytes in a header": get(headers=b"Cookie: \xff\xfe=\x80\r\n"),
    "broken cookie": get(b"/", headers=b'Cookie: nanwatch_1="; ;=;\r\n'),
    "bearer of bytes": get(b"/", headers=b"Authorization: Bearer \xff\xfe\r\n"),
    "bearer of nothing": get(b"/", headers=b"Authorization: Bearer\r\n"),
    "basic": get(b"/", headers=b"Authorization: Basic YTpi\r\n"),
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "websocket": get(b"/api/v1/stream", headers=b"Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    "h2c": get(headers=b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"),
    "negative length": post(b"Content-Length: -1\r\n"),
    "length that is no number": post(b"Content-Length: ten\r\n"),
    "length of 10^30": post(b"Content-Length: 1%s\r\n" % (b"0" * 30)),
    "two lengths": post(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"ab"),
    "length and chunks": post(b"Content-Length: 3\r\n" + CHUNKED, b"0\r\n\r\n"),
    "huge length": post(b"Content-Length: 52428800\r\n", b"x"),
    "shorter than it is": post(b"Content-Length: 2\r\n", b"NANWATCH" * 10),
    "longer than it is": post(b"Content-Length: 200\r\n", b"NANW"),
    "chunk that is no number": post(CHUNKED, b"zz\r\nab\r\n"),
    "negative chunk": post(CHUNKED, b"-1\r\nab\r\n"),
    "chunk of 2^64": post(CHUNKED, b"1ffffffffffffffff\r\nab\r\n"),
    "chunk without an end": post(CHUNKED, b"2\r\nab"),
    "chunks encoded twice": post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "unknown transfer": post(b"Transfer-Encoding: nonsense\r\n", b"x"),
    "expects": post(b"Expect: 100-continue\r\nContent-Length: 4\r\n", b"NANW"),
    "expects nonsense": post(b"Expect: tea\r\nContent-Length: 4\r\n", b"NANW"),
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: local",
    "head without an end": get()[:-2],
    "one after the other": get() * 20,
    "smuggled": post(b"Content-Length: 0\r\n", get(b"/api/v1/runs")),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = ServerThread(tmp_path_factory.mktemp("wild")).start()
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    monkeypatch.setattr(bodies, "DEADLINE_S", 0.3)


def answers(server, sent):
    """The status lines that come back; a connection that breaks raises."""
    token = b"Authorization: Bearer %s\r\n" % server.token.encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(sent.replace(b"TOKEN", token))
        connection.settimeout(20)
        came = b""
        while b"\r\n\r\n" not in came and (more := connection.recv(65536)):
            came += more
    return came.split(b"\r\n")[0]


@pytest.mark.parametrize("sent", CORPUS.values(), ids=CORPUS.keys())
def test_every_frame_is_answered_and_none_breaks_the_server(server, sent):
    line = answers(server, sent)
    status = int(line.split()[1])
    assert line.startswith(b"HTTP/1.1 ")
    assert 100 <= status < 500
    assert server.client.ask("GET", "/healthz").status == 200


def test_there_are_enough_of_them():
    assert len(CORPUS) >= 60


def test_a_refused_head_is_answered_as_a_problem(server):
    told = Client(server.url).ask("GET", "/healthz", {"X": "a" * 20_000})
    assert (told.status, told.json()["code"]) == (431, "head_too_large")
    assert told.headers["content-type"] == "application/problem+json"


def test_who_says_nothing_is_not_waited_for(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_is_kept_may_rest_longer_than_a_head_may_take(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for _ in range(2):
            connection.sendall(get())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.status, len(answer.read()) > 0) == (200, True)
            time.sleep(2 * protocol.HEAD_S)


def test_more_connections_than_there_may_be_are_turned_away(tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(protocol, "HEAD_S", 3600.0)  # who says nothing stays
    server = ServerThread(tmp_path).start()
    waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    told = server.client.send_bytes(b"x" * 300_000)
    assert (told.status, told.headers["content-type"], told.json()["code"]) == FULL
    assert int(told.headers["retry-after"]) > 0
    for connection in waiting:
        connection.close()
    wait_for(lambda: server.client.ask("GET", "/api/v1/runs").status == 200)
    server.stop()
