"""A small HTTP server for tests of the client: keeps frames like the real one, breaks on demand.

It stands for the network and for servers that misbehave; what the real server does is tested
against the real server.
"""

import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nanwatch import wire


@dataclass
class Fault:
    """How one request to the ingest route goes wrong."""

    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    store: bool = False  # keep the frames before going wrong
    cut: bool = False  # close the connection instead of answering
    hang_s: float = 0.0


class LedgerServer:
    """Runs while its `with` block lasts. `faults` are used up one a request; then all is well."""

    def __init__(self, port=0):
        self.faults = deque()
        self.always = None
        self.requests = []
        self.streams = {}
        self.health = {}
        self.runs = []
        self._gone = threading.Event()
        self._taking = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # a client that hangs up is part of the tests
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._gone.set()
        self._http.shutdown()
        self._http.server_close()

    def events(self):
        """Every event of every stream, in order."""
        return [
            event
            for frames in list(self.streams.values())  # others may begin meanwhile
            for raw in frames
            for event in wire.decode(raw).events
        ]

    def steps(self, name="batch/loss"):
        """The steps of a series, in order."""
        blocks = [e for e in self.events() if name in getattr(e, "values", {})]
        return [int(step) for block in blocks for step in block.steps]

    def wait_for(self, done, timeout_s=60):
        """Wait until a condition holds; tell what is there when it never does."""
        deadline = time.monotonic() + timeout_s
        while not done():
            assert time.monotonic() < deadline, [type(e).__name__ for e in self.events()]
            time.sleep(0.01)

    def take(self, body):
        """Store frames as the real server does: in order, each once, one request at a time."""
        with self._taking:
            return self._take(body)

    def _take(self, body):
        duplicates = 0
        for frame, raw in wire.decode_all(body):
            kept = self.streams.setdefault((frame.run_id, frame.stream), [])
            if frame.seq > len(kept):
                return 409, {"code": "gap", "expected": len(kept)}
            if frame.seq < len(kept):
                duplicates += 1
                if kept[frame.seq] != raw:
                    return 409, {"code": "conflict"}
                continue
            kept.append(raw)
        return 200, {"acked": len(kept) - 1, "duplicates": duplicates, "flush_interval": 0.01}

    def _handler(ledger):  # noqa: N805 - the class inside has a `self` of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ledger.requests.append((self.path, dict(self.headers), body))
                if self.path == "/api/v1/login-codes":
                    self.answer(200, {"code": "C", "path": "/login?code=C"})
                    return
                fault = ledger.faults.popleft() if ledger.faults else ledger.always
                if fault is None:
                    self.answer(*ledger.take(body))
                else:
                    self.fail(fault, body)

            def do_GET(self):
                ledger.requests.append((self.path, dict(self.headers), b""))
                known = {"/healthz": ledger.health, "/api/v1/runs": {"runs": ledger.runs}}
                found = known.get(self.path.partition("?")[0])
                self.answer(404 if found is None else 200, found or {})

            def answer(self, status, value):
                self.write(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

            def fail(self, fault, body):
                if fault.store:
                    ledger.take(body)
                ledger._gone.wait(fault.hang_s)
                if fault.cut:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                else:
                    self.write(fault.status, fault.headers, fault.body)

            def write(self, status, headers, data):
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": len(data), **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        return Handler


def free_port():
    """A port that nobody listens on, and that nobody else is given while this process lives.

    It is bound but not listened on: who wants to serve there can (SO_REUSEADDR, as servers say).
    """
    with held_port() as holder:
        port = holder.getsockname()[1]
        holder.detach()
    return port


def held_port():
    """A socket that keeps a port for whoever is told its number."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def black_hole():
    """A port that takes connections and never says a word."""
    return socket.create_server(("127.0.0.1", 0))
