"""Full disks, locks, dying databases and processes: nothing acknowledged is lost, all goes on."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic import command

from disks import fill_up, small_disk
from monitor.test_crash import is_kept, nth
from monitor.test_migrate import config
from nanwatch import wire
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.migrate import current_revision
from postgres import Cluster, find_programs
from servers import wait_for

DYING = Path(__file__).with_name("dying.py")
NAMES = ["batch/loss", "batch/grad_norm"]
FRAMES = 30


def send(process, begin, end):
    """Send frames, each until it is acknowledged; the statuses of the answers."""
    seen = set()
    for seq in range(begin, end):
        while (status := process.client.send(nth(seq)).status) != 200:
            seen.add(status)
            time.sleep(0.1)
    return seen


def is_for_now(answer):
    return answer.status == 503 and int(answer.headers["Retry-After"]) > 0


def is_refused_for_now(process, seq):
    return is_for_now(process.client.send(nth(seq)))


def first_refused(process, begin, end):
    """The number of the first frame that is refused, for now."""
    for seq in range(begin, end):
        answer = process.client.send(nth(seq))
        if answer.status != 200:
            assert is_for_now(answer)
            return seq
    raise AssertionError("all of them were taken")


def readiness(process):
    answer = process.client.ask("GET", "/readyz")
    return answer.status, answer.json()["why"]


def test_a_full_disk_refuses_what_it_cannot_keep_and_goes_on_when_there_is_room(
    server_process, tmp_path
):
    process = server_process("--database-url", f"sqlite:///{tmp_path}/full.db").start()
    send(process, 0, 5)
    pid, whole = process.process.pid, resource.RLIM_INFINITY
    room = max(path.stat().st_size for path in tmp_path.glob("full.db*")) + 100_000
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, whole))
    last = first_refused(process, 5, 2000)
    assert is_kept(process, last - 1)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (whole, whole))
    send(process, last, last + 5)
    assert is_kept(process, last + 4)


def test_a_locked_database_refuses_for_now_and_can_be_read(server_process, tmp_path):
    process = server_process("--database-url", f"sqlite:///{tmp_path}/locked.db").start()
    send(process, 0, 5)
    with closing(sqlite3.connect(tmp_path / "locked.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert is_refused_for_now(process, 5)
        with ThreadPoolExecutor(12) as readers:  # more than have a connection already
            assert all(readers.map(lambda _: is_kept(process, 4), range(12)))
        other.execute("ROLLBACK")
    send(process, 5, 8)
    assert is_kept(process, 7)


@pytest.fixture
def own_postgres():
    """A PostgreSQL that may be killed."""
    programs = find_programs() or pytest.skip("no PostgreSQL here")
    cluster = Cluster(programs)
    yield cluster
    cluster.stop()


def test_a_postgresql_that_is_killed_costs_no_point_and_no_restart(server_process, own_postgres):
    process = server_process("--database-url", own_postgres.new_database()).start()
    send(process, 0, 5)
    sender = threading.Thread(target=send, args=(process, 5, 60))
    sender.start()
    for pause_s in (0.15, 0.4):
        time.sleep(pause_s)
        own_postgres.crash()
        assert wait_for(lambda: is_refused_for_now(process, 70))
        own_postgres.launch()
    sender.join()
    wait_for(lambda: readiness(process) == (200, ""))
    assert is_kept(process, 59)


def kept_by(database_url):
    """Every point that a store holds."""
    store = Store.open(database_url)
    reader = SeriesReader(store.series)
    found = [reader.points("run1", name, None, None, 100_000) for name in NAMES]
    store.close()
    return repr([(curve.steps.tolist(), curve.values.tolist()) for curve in found])


def dies(database_url, statement, what):
    """Whether a process died before its nth statement; else it had fewer."""
    done = subprocess.run(
        [sys.executable, DYING, database_url, str(statement), what], check=False, env=os.environ
    )
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


@pytest.fixture
def filled(store, database_url):
    """A database with frames in its log."""
    frames = [nth(seq) for seq in range(FRAMES)]
    store.log.append([(one, wire.encode(one)) for one in frames], now=1000.0)
    return database_url


@pytest.fixture
def small_postgres():
    """A PostgreSQL on a disk of its own, where it gets without being root; and the disk."""
    home = Path(tempfile.mkdtemp(prefix="nanwatch-disk-"))
    home.chmod(0o755)
    programs = find_programs() or pytest.skip("no PostgreSQL here")
    try:
        with small_disk(home / "disk", 220) as disk:
            disk.chmod(0o777)
            cluster = Cluster(programs, disk)
            yield cluster, disk
            cluster.stop()
    finally:
        shutil.rmtree(home)


def test_a_full_disk_of_postgresql_refuses_for_now_and_can_be_read(server_process, small_postgres):
    cluster, disk = small_postgres
    process = server_process("--database-url", cluster.new_database()).start()
    send(process, 0, 20)
    fill_up(disk / "hog")
    last = first_refused(process, 20, 200)
    assert is_kept(process, last - 1)
    full = (503, "the database takes nothing in (DiskFull)")
    wait_for(lambda: readiness(process) == full)
    (disk / "hog").unlink()
    wait_for(lambda: readiness(process) == (200, ""))
    send(process, last, last + 5)
    assert is_kept(process, last + 4)
    process.stop()


def test_a_backend_of_postgresql_that_is_killed_costs_no_point(server_process, own_postgres):
    process = server_process("--database-url", own_postgres.new_database()).start()
    send(process, 0, 5)
    sender = threading.Thread(target=send, args=(process, 5, 60))
    sender.start()
    for pause_s in (0.1, 0.2, 0.2):
        time.sleep(pause_s)
        wait_for(own_postgres.crash_a_backend)
    sender.join()
    wait_for(lambda: readiness(process) == (200, ""))
    assert is_kept(process, 59)


def test_a_table_of_postgresql_that_is_locked_refuses_for_now(server_process, postgres):
    url = postgres.new_database()
    process = server_process("--database-url", url).start()
    send(process, 0, 5)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE batch IN EXCLUSIVE MODE")
        assert is_refused_for_now(process, 5)
        assert is_kept(process, 4)
    send(process, 5, 8)
    assert is_kept(process, 7)


def test_sealing_that_dies_at_any_statement_leaves_every_point(filled):
    expected = kept_by(filled)
    for statement in (5, 9, 11):
        assert dies(filled, statement, "seal")
        assert kept_by(filled) == expected
    assert not dies(filled, 99, "seal")
    assert kept_by(filled) == expected


def test_a_migration_that_dies_at_any_statement_is_made_good(filled, store):
    expected = kept_by(filled)
    for statement in (8, 30):
        with store.database.write() as connection:
            command.downgrade(config(connection=connection), "0002")
        assert dies(filled, statement, "migrate")
        assert current_revision(store.database) == "0002"
        assert kept_by(filled) == expected


def test_the_test_notices_a_migration_that_is_not_one_transaction(filled, store):
    with store.database.write() as connection:
        command.downgrade(config(connection=connection), "0002")
    assert dies(filled, 30, "migrate-in-steps")
    assert current_revision(store.database) != "0002"
