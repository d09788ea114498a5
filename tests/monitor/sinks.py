"""A receiver of webhooks: a real HTTP server that answers as it is told."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink:
    """What came in, and the statuses with which to answer, the last one for ever."""

    def __init__(self, statuses):
        self.received, self.ids, self._statuses = [], [], list(statuses)

    def answer(self):
        return self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]


@contextmanager
def sink(*statuses):
    """A receiver at `url`, until the block ends."""
    found = Sink(statuses or [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.received.append(json.loads(body))
            found.ids.append(self.headers["webhook-id"])
            self.send_response(found.answer())
            self.send_header("Location", found.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook?key=1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
