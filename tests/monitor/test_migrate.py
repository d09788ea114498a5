"""The schema is made once, is what the tables say, and a newer one is left alone."""

import hashlib
import sqlite3
import threading
from contextlib import closing

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from disks import small_disk
from frames import frame, opening
from nanwatch import wire
from nanwatch.events import Cause, Diagnosis, Points
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.incidents import Finding
from nanwatch_monitor.series.sealer import seal
from nanwatch_monitor.store import Store
from nanwatch_monitor.store import database as database_module
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.migrate import (
    HEAD,
    current_revision,
    kept_as,
    known_revisions,
    migrate,
)
from nanwatch_monitor.store.tables import metadata

KEPT = ["run", "stream", "batch", "series", "node", "remark", "memory", "incident"]
NEWER = {"begun", "resumed_by"}  # what older versions do not note of a run
FIRST_WITH_SEALED = "0003"


def config(**attributes):
    made = Config(attributes=attributes)
    made.set_main_option("script_location", "nanwatch_monitor.store:migrations")
    return made


@pytest.fixture
def database(database_url):
    opened = Database(database_url)
    yield opened
    opened.close()


def test_the_migrations_make_the_tables(database):
    assert migrate(database)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_up_to_date_schema_is_left_alone(database):
    migrate(database)
    assert current_revision(database) == HEAD
    assert not migrate(database)


def test_who_migrates_waits_for_another_who_does_however_long(tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "PATIENCE_MS", 1)
    database = Database(f"sqlite:///{tmp_path}/busy.db")
    migrate(database, "0002")
    file, how = tmp_path / "busy.db", {"isolation_level": None, "check_same_thread": False}
    with closing(sqlite3.connect(file, **how)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = threading.Timer(0.5, other.execute, ["ROLLBACK"])
        done.start()
        assert migrate(database)
        done.join()
    assert current_revision(database) == HEAD
    database.close()


def test_what_an_older_version_wrote_is_kept(database_url):
    store = Store.open(database_url)
    first = opening()
    store.log.append([(first, wire.encode(first))], now=1000.0)
    known = store.runs.find("run1")
    with store.database.write() as connection:
        command.downgrade(config(connection=connection), "0001")
    assert migrate(store.database)
    assert store.runs.find("run1") == known
    store.close()


def fill(store, frames=20, rows=5000, series=10, sealed=15):
    """A run of a million points, most of them sealed, with an incident."""
    said = [opening(facts={"epochs": 3})]
    for seq in range(1, frames + 1):
        values = np.random.default_rng(seq).standard_normal((series, rows))
        values[0, seq] = [np.nan, np.inf, -np.inf][seq % 3]
        steps = np.arange((seq - 1) * rows, seq * rows)
        said.append(frame(seq, Points(steps, {f"batch/m{no}": v for no, v in enumerate(values)})))
    store.log.append([(one, wire.encode(one)) for one in said], now=1000.0)
    found = Diagnosis("nan_loss", "critical", 3, (Cause("unknown", 0.5, "It is NaN."),))
    store.incidents.record(1, (-1, sealed), [Finding(found, "server")], 1000.0)
    assert seal(store.series, 1, sealed, b"what the brain remembers")


def contents(database):
    """How many rows the tables have that older versions know, and a checksum of them."""
    found = {}
    with database.read() as connection:
        for table in map(metadata.tables.__getitem__, KEPT):
            columns = [column for column in table.columns if column.name not in NEWER]
            rows = sorted(map(repr, connection.execute(select(*columns))))
            found[table.name] = len(rows), hashlib.sha256("".join(rows).encode()).hexdigest()
    return found


def test_a_million_points_go_down_and_up_again_unchanged(database_url):
    with closing(Store.open(database_url)) as store:
        fill(store)
        before = contents(store.database)
        for older in sorted(known_revisions() - {HEAD}, reverse=True):
            if older >= FIRST_WITH_SEALED:
                assert migrate(store.database, older)
        assert current_revision(store.database) == FIRST_WITH_SEALED
        with pytest.raises(SetupError, match="restore a backup"):
            migrate(store.database, "0002")
        assert migrate(store.database)
        assert contents(store.database) == before
        assert min(count for count, _ in before.values()) > 0


def test_an_sqlite_file_is_copied_before_its_schema_changes(tmp_path):
    with closing(Store.open(f"sqlite:///{tmp_path / 'runs.db'}")) as store:
        for older in ("0009", "0008"):
            migrate(store.database, older)
        copy = kept_as(store.database, "0009")
        assert [path.name for path in tmp_path.glob("*schema*")] == [copy.name]  # one is enough
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(Database(f"sqlite:///{copy}")) as copied:
            assert current_revision(copied) == "0009"
        copy.unlink()
        assert migrate(store.database, keep=False)
        assert not list(tmp_path.glob("*schema*"))


def test_without_room_for_a_copy_nothing_is_changed(tmp_path):
    with (
        small_disk(tmp_path / "disk", 8) as disk,
        closing(Store.open(f"sqlite:///{disk / 'runs.db'}")) as store,
    ):
        migrate(store.database, "0009", keep=False)
        with store.database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE big AS SELECT randomblob(4500000) AS data")
        with pytest.raises(SetupError, match="--no-backup"):
            migrate(store.database)
        assert current_revision(store.database) == "0009"
        assert migrate(store.database, keep=False)


def test_a_schema_that_nobody_knows_is_not_gone_back_to(database):
    migrate(database)
    with pytest.raises(SetupError, match="name one of 0001, 0002"):
        migrate(database, "7777")


def test_of_those_who_come_at_once_one_migrates(database_url):
    databases = [Database(database_url) for _ in range(4)]
    done = []
    threads = [threading.Thread(target=lambda d=d: done.append(migrate(d))) for d in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for opened in databases:
        opened.close()
    assert sorted(done) == [False, False, False, True]


def test_a_newer_schema_is_refused_with_the_way_out(database):
    migrate(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SetupError, match="pip install --upgrade nanwatch"):
        migrate(database)


def test_the_newest_revision_is_the_one_that_is_looked_for():
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


def test_a_database_that_does_not_answer_is_said():
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(SetupError, match="does not answer"):
        migrate(database)
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://a@b/c"])
def test_an_unusable_url_is_said(url):
    with pytest.raises(SetupError, match="--database-url"):
        Database(url)
