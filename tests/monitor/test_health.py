"""/healthz says that the process lives, /readyz that it can do its work."""

import os
import threading
from contextlib import suppress

import pytest

from disks import small_disk
from nanwatch_monitor.api.health import Readiness
from servers import Client, wait_for


@pytest.fixture
def stranger(live_server):
    client = Client(live_server.url)
    yield client
    client.close()


def ready(client):
    answer = client.ask("GET", "/readyz")
    return answer.status, answer.json()["why"]


def test_a_database_that_takes_nothing_in_is_not_ready(live_server, stranger):
    with live_server.monitor.store.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON login_code BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
    assert ready(stranger) == (503, "the database takes nothing in (IntegrityError)")
    assert stranger.ask("GET", "/healthz").status == 200
    assert live_server.client.ask("GET", "/api/v1/runs").status == 200  # what is there is shown


@pytest.mark.parametrize("worker", ["watch", "intake", "alerting"])
def test_a_server_whose_worker_has_ended_is_not_ready(live_server, stranger, worker):
    getattr(live_server.monitor, worker).stop()
    status, why = ready(stranger)
    assert (status, "has stopped" in why) == (503, True)


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", 16) as folder:
        yield folder


def test_a_server_on_a_full_disk_is_not_ready_until_there_is_room(start_server, disk):
    server = start_server(database_url=f"sqlite:///{disk}/runs.db")
    client = Client(server.url)
    assert ready(client) == (200, "")
    hog = disk / "hog"
    with hog.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    wait_for(lambda: ready(client)[0] == 503)
    os.truncate(hog, hog.stat().st_size - 1_000_000)  # a row fits in, a request of 4 MiB does not
    full = (503, "the disk of the database has no room (No space left on device)")
    wait_for(lambda: ready(client) == full)
    hog.unlink()
    wait_for(lambda: ready(client) == (200, ""))
    assert {path.suffix for path in disk.iterdir()} <= {".db", ".db-wal", ".db-shm", ".lock"}
    client.close()


def test_asking_often_writes_seldom():
    asked = []
    readiness = Readiness(lambda: asked.append(1))
    assert {readiness.trouble() for _ in range(100)} == {None}
    assert len(asked) < 100


def test_while_the_database_is_slow_nobody_waits_for_it_but_one():
    asked, answer = threading.Event(), threading.Event()

    def slow():
        asked.set()
        answer.wait()

    readiness = Readiness(slow)
    one = threading.Thread(target=readiness.trouble)
    one.start()
    asked.wait()
    assert readiness.trouble() == "not known yet"
    answer.set()
    one.join()
    assert readiness.trouble() is None


def test_a_probe_leaves_no_trace(store):
    assert store.trouble() is None
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM login_code").scalar() == 0
