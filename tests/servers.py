"""Real servers for tests, as a process and in a thread, and a client that speaks to them."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import urllib3

from nanwatch import wire
from nanwatch_monitor.app import create_app
from nanwatch_monitor.home import Home
from nanwatch_monitor.serve import listen, make_server
from nanwatch_monitor.settings import ServerSettings

READY_WITHIN_S = 60


class Client:
    """Speaks HTTP with one server; `token` may be None."""

    def __init__(self, url, token=None):
        self.url, self.token = url, token
        self._pool = urllib3.PoolManager(retries=False, timeout=30)

    def ask(self, method, path, headers=None, **more):
        """An answer, with its body read."""
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self._pool.request(
            method, self.url + path, headers={**known, **(headers or {})}, redirect=False, **more
        )

    def get(self, path):
        """The JSON at a path below /api/v1."""
        answer = self.ask("GET", f"/api/v1{path}")
        assert answer.status == 200, answer.data
        return answer.json()

    def send(self, *frames):
        """Post frames; the answer."""
        body = b"".join(wire.encode(frame) for frame in frames)
        return self.send_bytes(body)

    def send_bytes(self, body, content_type=wire.CONTENT_TYPE, **headers):
        """Post any bytes; the answer."""
        headers = {"Content-Type": content_type, **headers}
        return self.ask("POST", "/api/v1/ingest", headers, body=body)

    def open_stream(self, query=""):
        """The stream of live events, not read yet."""
        return self.ask("GET", f"/api/v1/stream{query}", preload_content=False)

    def close(self):
        self._pool.clear()


class ServerThread:
    """The application under a real uvicorn in a thread: quick to start, its parts at hand."""

    def __init__(self, folder, clock=time.time, **settings):
        self.settings = ServerSettings(Home(Path(folder), "testhost"), **settings)
        self.app = create_app(self.settings, clock)
        self._server = make_server(self.app, self.settings.idle_exit_s)
        self._socket = listen("127.0.0.1", 0)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = self.settings.home.token()
        self.client = Client(self.url, self.token)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    @property
    def monitor(self):
        return self.app.state.monitor

    def start(self):
        self._thread.start()
        wait_for(lambda: self._server.started)
        return self

    def stop(self):
        self.client.close()
        self._server.should_exit = True
        self._thread.join()


class ServerProcess:
    """`nanwatch serve` in a process of its own, as people start it."""

    def __init__(self, folder, *arguments, port=0, program=None, **environ):
        self.folder = Path(folder)
        kept = {name: text for name, text in os.environ.items() if not name.startswith("NANWATCH_")}
        self._environ = {**kept, "NANWATCH_DIR": str(self.folder), **environ}
        program = [str(program)] if program else ["-m", "nanwatch_monitor"]
        self._command = [sys.executable, *program, "serve", "--port", str(port), *arguments]
        self.process = self.client = None

    def launch(self):
        """Start without waiting."""
        self.process = subprocess.Popen(
            self._command, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        return self

    def start(self):
        """Start and wait for the line that says where it serves."""
        return self.launch().wait_until_it_serves()

    def wait_until_it_serves(self):
        """Wait for that line of a server that was launched."""
        line = self.process.stdout.readline().decode()
        assert line, self.process.stderr.read().decode()
        self.url = line.split("serves at ")[1].split()[0]
        self.client = Client(self.url, Home(self.folder, "").token())
        return self

    def refused(self):
        """Start what is bound to fail; its exit code and words."""
        done = subprocess.run(
            self._command, env=self._environ, capture_output=True, timeout=READY_WITHIN_S, text=True
        )
        return done.returncode, done.stdout + done.stderr

    def kill(self):
        """The hard way, as a crash does it."""
        self._end(signal.SIGKILL)

    def stop(self):
        """The gentle way; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, sign):
        if self.process is None:
            return None
        if self.client:
            self.client.close()
        self.process.send_signal(sign)
        code = self.process.wait(READY_WITHIN_S)
        self.process.stdout.close()
        self.process.stderr.close()
        self.process = None
        return code


def wait_for(condition, within_s=60):
    """Wait until something holds; its value."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.01)
    return found
