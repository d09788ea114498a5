"""Receivers of alerts: real servers that answer as they are told, or not at all."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink:
    """What came in, and the answers, the last one for ever: a status, or it with headers."""

    def __init__(self, answers):
        self.received, self.ids, self.headers, self.bodies, self.at = [], [], [], [], []
        self._answers = list(answers)

    def take(self, headers, body):
        """Keep a request; the status and headers to answer."""
        self.bodies.append(body)
        self.headers.append(headers)
        self.at.append(time.time())
        self.ids.append(headers["webhook-id"])
        self.received.append(json.loads(body))  # last: who waits for it finds the others
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return (answer, {}) if isinstance(answer, int) else answer


@contextmanager
def sink(*answers):
    """A receiver at `url`, until the block ends."""
    found = Sink(answers or [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = found.take(self.headers, body)
            self.send_response(status)
            for name, value in {"Location": found.url, "Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook?key=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tap(drips=b"", called=None):
    """A receiver that takes everything and answers a byte of `drips` every 0.1 s, or nothing.

    It sets the event `called` when somebody has come.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    closing = threading.Event()

    def serve():
        with listening.accept()[0] as connection:
            if called is not None:
                called.set()
            for byte in drips:
                if closing.wait(0.1):
                    break
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    break
            closing.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    closing.set()
    with socket.create_connection(listening.getsockname()):  # wakes it when nobody came
        thread.join()
    listening.close()
