"""The server as a process: it starts once, refuses with words, ends quickly and loses nothing."""

import gc
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import urllib3
from sqlalchemy import text

from frames import frame, opening, points
from nanwatch import wire
from nanwatch_monitor.home import Home
from nanwatch_monitor.serve import answer_steadily
from nanwatch_monitor.settings import ServerSettings, as_local_monitor, from_environment
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.migrate import migrate
from servers import wait_for

FORGETFUL = Path(__file__).with_name("forgetful.py")
ENOUGH = 20  # frames: more than the forgetful server keeps to itself


def loss_at(step):
    return 1.0 / (1 + step)


def send_until_killed(process, seconds):
    """Send one step a frame until the server is killed, so long after some were acknowledged; the
    last acknowledged step.
    """
    acked = []

    def send():
        client = process.client
        client.send(opening())
        try:
            for step in range(100_000):
                answer = client.send(frame(step + 1, points([step], batch_loss=[loss_at(step)])))
                acked.append(answer.json()["acked"] - 1)
        except urllib3.exceptions.HTTPError:
            return

    sender = threading.Thread(target=send)
    sender.start()
    wait_for(lambda: len(acked) > ENOUGH)
    time.sleep(seconds)
    process.kill()
    sender.join()
    return acked[-1]


def kept_steps(process):
    """The steps that a new server finds, after a look at their values."""
    found = process.client.get("/runs/run1/points?name=batch/loss&limit=50000")
    assert found["values"] == [loss_at(step) for step in found["steps"]]
    return found["steps"]


def test_what_was_acknowledged_survives_kill_9(server_process, database_url):
    arguments = ("--database-url", database_url)
    first = server_process(*arguments).start()
    last = send_until_killed(first, seconds=0.5)
    steps = kept_steps(server_process(*arguments).start())
    assert steps in (list(range(last + 1)), list(range(last + 2)))  # one may have been on its way


def test_the_crash_test_notices_a_server_that_acknowledges_too_early(server_process):
    last = send_until_killed(server_process(program=FORGETFUL).start(), seconds=0.5)
    assert len(kept_steps(server_process().start())) < last


def test_trainings_find_the_monitor_while_it_runs(server_process, tmp_path):
    process = server_process().start()
    home = Home(tmp_path, socket.gethostname())
    note = home.read_note()
    assert note.url == process.url
    assert process.client.ask("GET", "/healthz").json()["instance"] == note.instance
    assert home.token_file.stat().st_mode & 0o777 == 0o600
    assert home.database_file.stat().st_mode & 0o777 == 0o600
    assert process.stop() == 0
    assert home.read_note() is None


def test_of_two_that_start_at_once_one_stays(server_process, tmp_path):
    pair = [server_process("--local").launch(), server_process("--local").launch()]
    (left,) = wait_for(lambda: [p for p in pair if p.process.poll() is not None])
    assert left.process.returncode == 0
    (stayed,) = [process for process in pair if process is not left]
    note = wait_for(lambda: Home(tmp_path, socket.gethostname()).read_note())
    assert note.pid == stayed.process.pid


def test_a_second_server_on_the_same_database_is_refused(server_process):
    running = server_process().start()
    code, words = server_process().refused()
    assert code == 2
    assert running.url in words
    assert "nanwatch stop" in words


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def taken_port():
    """A port on which another program answers."""
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_port_that_another_program_has_is_said(server_process, taken_port):
    code, words = server_process(port=taken_port).refused()
    assert code == 2
    assert "another program uses this port" in words
    assert "--port" in words


def test_a_port_that_a_nanwatch_has_is_said(server_process, tmp_path):
    running = server_process().start()
    port = int(running.url.rpartition(":")[2])
    other = f"sqlite:///{tmp_path / 'other.db'}"
    code, words = server_process("--database-url", other, port=port).refused()
    assert code == 2
    assert f"process id {running.process.pid}" in words


def test_the_local_monitor_takes_another_port(server_process, taken_port):
    process = server_process("--local", port=taken_port).start()
    assert process.url != f"http://127.0.0.1:{taken_port}"
    assert process.client.get("/runs")["runs"] == []


def test_an_open_door_to_the_network_is_refused(server_process):
    everywhere = "0.0.0.0"  # noqa: S104 - refused
    by_option = server_process("--no-auth", "--host", everywhere)
    by_environment = server_process("--no-auth", NANWATCH_HOST=everywhere)
    for server in (by_option, by_environment, server_process("--no-auth", "--host", "::")):
        code, words = server.refused()
        assert (code, "leave out --no-auth" in words) == (2, True)


def test_a_folder_that_cannot_be_written_is_said(server_process, tmp_path):
    (tmp_path / "hosts").write_text("in the way")
    code, words = server_process().refused()
    assert code == 2
    assert "NANWATCH_DIR" in words


def test_a_newer_schema_is_refused_and_left_as_it_is(server_process, database_url):
    database = Database(database_url)
    migrate(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    code, words = server_process("--database-url", database_url).refused()
    assert code == 2
    assert "newer nanwatch" in words
    with database.read() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    database.close()


def stalled_upload(process):
    """A connection whose request is taken in, and whose body never comes to its end."""
    body = wire.encode(opening())
    head = (
        f"POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {wire.CONTENT_TYPE}\r\nAuthorization: Bearer {process.client.token}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    upload = socket.create_connection(("127.0.0.1", int(process.url.rpartition(":")[2])))
    upload.sendall(head.encode())
    assert upload.recv(100).startswith(b"HTTP/1.1 100 ")  # now it waits for the body
    upload.sendall(body[:-1])
    return upload


def test_a_server_leaves_quickly_with_viewers_and_an_unfinished_upload(server_process):
    process = server_process().start()
    streams = [process.client.open_stream() for _ in range(5)]
    with stalled_upload(process) as upload:
        begin = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - begin < 10  # promised: 5 s; stock uvicorn waits for ever
        assert upload.recv(100).startswith(b"HTTP/1.1 503 ")
    assert all(stream.read().endswith(b"event: gone\ndata: {}\n\n") for stream in streams)


def test_a_monitor_that_nobody_needs_leaves(start_server):
    server = start_server(idle_exit_s=0.3)
    server._thread.join(20)
    assert not server._thread.is_alive()


def test_the_local_monitor_is_what_it_is_whatever_the_environment_says(tmp_path):
    environ = {
        "NANWATCH_DIR": str(tmp_path),
        "NANWATCH_DATABASE_URL": "postgresql://elsewhere/db",
        "NANWATCH_HOST": "0.0.0.0",  # noqa: S104 - not heeded
    }
    local = as_local_monitor(from_environment(environ))
    assert (local.host, local.effective_database_url[:7]) == ("127.0.0.1", "sqlite:")
    assert local.idle_exit_s == 24 * 3600


def test_a_store_opens_where_the_server_left_it(server_process, tmp_path):
    process = server_process().start()
    process.client.send(opening())
    process.stop()
    settings = ServerSettings(Home(tmp_path, socket.gethostname()))
    store = Store.open(settings.effective_database_url)
    assert store.runs.find("run1") is not None
    store.close()


def test_a_database_folder_that_cannot_be_made_is_said(server_process, tmp_path):
    (tmp_path / "file").touch()
    code, words = server_process("--database-url", f"sqlite:///{tmp_path}/file/x.db").refused()
    assert code == 2
    assert "--database-url" in words


def test_who_holds_another_database_is_not_guessed(server_process, tmp_path):
    home = server_process().start()
    other = ("--database-url", f"sqlite:///{tmp_path / 'new/other.db'}")
    server_process(*other).start()
    code, words = server_process(*other).refused()
    assert code == 2
    assert "other.db.lock" in words
    assert home.url not in words


def test_trainings_of_this_machine_are_not_sent_through_the_front_door(server_process, tmp_path):
    process = server_process(NANWATCH_PUBLIC_URL="https://nan.example")
    process.launch()
    note = wait_for(lambda: Home(tmp_path, socket.gethostname()).read_note())
    assert note.url.startswith("http://127.0.0.1:")


def test_what_is_loaded_is_left_out_of_the_search_for_garbage():
    turn_s = sys.getswitchinterval()
    try:
        answer_steadily()
        assert gc.get_freeze_count() > 1000
        assert sys.getswitchinterval() < turn_s
    finally:
        gc.unfreeze()
        sys.setswitchinterval(turn_s)
