"""The schema is made once, is what the tables say, and a newer one is left alone."""

import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from frames import opening
from nanwatch import wire
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.migrate import HEAD, current_revision, migrate
from nanwatch_monitor.store.tables import metadata


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
