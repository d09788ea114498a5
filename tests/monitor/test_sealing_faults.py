"""Whatever happens to the disk or the database while frames become chunks: every point stays."""

import sqlite3
from contextlib import closing, contextmanager

import psycopg
import pytest
from alembic import command
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from disks import fill_up, small_disk
from monitor.test_crash import NAMES, nth
from monitor.test_faults import own_postgres
from monitor.test_migrate import config
from nanwatch import wire
from nanwatch.lasting_watcher import LastingWatcher
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.store import Store, database, prepared
from nanwatch_monitor.store.migrate import current_revision, migrate
from nanwatch_monitor.watch import Watch
from servers import wait_for

__all__ = ["own_postgres"]
FRAMES = 30  # more than are sealed at once


def filled(store):
    """Store frames; what their points are."""
    frames = [nth(seq) for seq in range(FRAMES)]
    store.log.append([(one, wire.encode(one)) for one in frames], now=1000.0)
    return points_in(store)


def points_in(store):
    reader = SeriesReader(store.series)
    found = [reader.points("run1", name, None, None, 100_000) for name in NAMES]
    return repr([(curve.steps.tolist(), curve.values.tolist()) for curve in found])


def open_frames(store):
    with store.database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM batch").scalar()


def found(store):
    return [(i.diagnosis.symptom, i.diagnosis.first_step) for i in store.incidents.of_run("run1")]


@contextmanager
def watching(store):
    """Judge and seal; the run is over for long."""
    watch = Watch(store, LastingWatcher, lambda _changed: None, lambda: 1e9)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


def test_on_a_full_disk_points_stay_in_the_log_until_there_is_room(tmp_path, caplog):
    with small_disk(tmp_path / "disk", 16) as disk:
        url = f"sqlite:///{disk / 'runs.db'}"
        with closing(Store.open(url)) as store:
            expected = filled(store)
        fill_up(disk / "hog", leave=200_000)
        with closing(Store.open(url)) as store, watching(store):
            wait_for(lambda: "watching waits for the database" in caplog.text)
            assert (open_frames(store), points_in(store)) == (FRAMES, expected)
            (disk / "hog").unlink()
            wait_for(lambda: open_frames(store) == 0)
            assert (points_in(store), found(store)) == (expected, [("nan_loss", 1)])


@contextmanager
def locked(url):
    """Somebody else writes, and does not come to an end."""
    if url.startswith("sqlite"):
        file = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(url) as other:
            other.execute("SELECT no FROM run FOR UPDATE")
            yield


def test_while_the_database_is_locked_points_stay_in_the_log(database_url, monkeypatch, caplog):
    monkeypatch.setattr(database, "PATIENCE_MS", 50)
    with closing(Store.open(database_url)) as store:
        expected = filled(store)
        with locked(database_url):
            with pytest.raises(OperationalError):
                seal(store.series, 1, FRAMES - 1, b"")
            with watching(store):
                wait_for(lambda: "watching waits for the database" in caplog.text)
                assert (open_frames(store), points_in(store)) == (FRAMES, expected)
        with watching(store):
            wait_for(lambda: open_frames(store) == 0)
        assert (points_in(store), found(store)) == (expected, [("nan_loss", 1)])


@contextmanager
def dying(cluster, last, monkeypatch):
    """A PostgreSQL that is killed before the nth statement, and back afterwards."""
    left = [last]

    def crash_in_time(*_):
        left[0] -= 1
        if left[0] == 0:
            cluster.crash()

    def cursor_in_time(connection, cursor_of=prepared._cursor):
        crash_in_time()
        return cursor_of(connection)

    event.listen(Engine, "before_cursor_execute", crash_in_time)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(prepared, "_cursor", cursor_in_time)
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", crash_in_time)
    assert left[0] <= 0
    cluster.launch()


def test_a_postgresql_that_dies_while_points_are_sealed_has_them_all(own_postgres, monkeypatch):
    with closing(Store.open(own_postgres.new_database())) as store:
        expected = filled(store)
        for statement in (5, 8, 9, 11):
            with dying(own_postgres, statement, monkeypatch), pytest.raises(OperationalError):
                seal(store.series, 1, FRAMES - 1, b"")
            assert (open_frames(store), points_in(store)) == (FRAMES, expected)
        assert seal(store.series, 1, FRAMES - 1, b"")
        assert (open_frames(store), points_in(store)) == (0, expected)


def test_a_postgresql_that_dies_while_it_is_migrated_is_as_before(own_postgres, monkeypatch):
    with closing(Store.open(own_postgres.new_database())) as store:
        expected = filled(store)
        for statement in (8, 30):
            with store.database.write() as connection:
                command.downgrade(config(connection=connection), "0003")
            with dying(own_postgres, statement, monkeypatch), pytest.raises(SetupError):
                migrate(store.database)
            assert current_revision(store.database) == "0003"
        assert migrate(store.database)
        assert points_in(store) == expected
