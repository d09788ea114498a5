"""`nanwatch migrate`, `backup` and `restore`, as people call them."""

import socket
import sqlite3
import threading
from contextlib import closing, contextmanager

import pytest
from alembic import command
from sqlalchemy import text

from frames import frame, opening, points
from monitor.test_migrate import config
from nanwatch import wire
from nanwatch_monitor.home import Home
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.migrate import HEAD
from servers import wait_for


def older(database_url):
    """A database of the schema before sealed points, with a run in it."""
    store = Store.open(database_url)
    store.log.append([(opening(), wire.encode(opening()))], now=1000.0)
    with store.database.write() as connection:
        command.downgrade(config(connection=connection), "0002")
    store.close()


def copied(database_url, schema):
    """What is said of the copy of an SQLite file."""
    _, sqlite, file = database_url.partition("sqlite:///")
    return f"; as it was: {file}.schema-{schema}" if sqlite else ""


def test_of_several_processes_at_once_one_migrates(launch, database_url):
    older(database_url)
    processes = [launch("migrate", "--database-url", database_url) for _ in range(3)]
    said = sorted(process.communicate(timeout=60)[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0, 0]
    done = f"migrated from schema 0002 to {HEAD}{copied(database_url, '0002')}\n"
    assert said == [f"is up to date at schema {HEAD}\n"] * 2 + [done]
    store = Store.open(database_url)
    assert store.runs.find("run1") is not None
    store.close()


def test_an_empty_database_is_migrated_and_a_newer_one_refused(run, database_url):
    url = ("--database-url", database_url)
    assert run("migrate", *url) == (0, f"migrated an empty database to {HEAD}\n")
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    for name in (["migrate"], ["serve", "--port", 0]):
        code, words = run(*name, *url)
        assert code == 2
        assert "pip install --upgrade nanwatch" in words


def test_a_database_goes_back_to_what_an_older_version_knows(run, database_url):
    Store.open(database_url).close()
    url = ("--database-url", database_url)
    words = f"migrated from schema {HEAD} to 0008{copied(database_url, HEAD)}\n"
    assert run("migrate", "--to", "0008", *url) == (0, words)
    assert run("migrate", "--to", "0008", *url) == (0, "is up to date at schema 0008\n")
    assert run("migrate", "--no-backup", *url) == (0, f"migrated from schema 0008 to {HEAD}\n")


def test_no_server_loses_its_schema_under_its_feet(run, server_process):
    process = server_process().start()
    code, words = run("migrate", "--to", "0008", NANWATCH_DIR=str(process.folder))
    assert (code, "uses this database already" in words) == (2, True)


def send_for_ever(client, acked, enough):
    """One step a frame, until told to stop; the last acknowledged step is at the end of `acked`."""
    client.send(opening())
    step = 0
    while not enough.is_set():
        assert client.send(frame(step + 1, points([step], batch_loss=[step / 8]))).status == 200
        acked.append(step)
        step += 1


@contextmanager
def busy(process):
    """A server that takes in points all the time; the acknowledged steps."""
    acked, enough = [], threading.Event()
    sender = threading.Thread(target=send_for_ever, args=(process.client, acked, enough))
    sender.start()
    try:
        wait_for(lambda: acked)
        yield acked
    finally:
        enough.set()
        sender.join()


def test_a_backup_of_a_busy_server_holds_all_that_was_acknowledged(run, server_process, tmp_path):
    process, copy = server_process().start(), tmp_path / "copy.db"
    with busy(process) as acked:
        before = acked[-1]
        code, words = run("backup", copy, NANWATCH_DIR=str(process.folder))
        assert acked[-1] > before
    assert (code, words.split()[:2]) == (0, ["1", "run"])
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("copy.db*")] == ["copy.db"]
    assert steps_in(f"sqlite:///{copy}")[: before + 1] == list(range(before + 1))


def test_a_dump_of_a_busy_postgresql_holds_it_too(server_process, postgres, tmp_path):
    url, again, file = postgres.new_database(), postgres.new_database(), tmp_path / "nanwatch.dump"
    with busy(server_process("--database-url", url).start()) as acked:
        before = acked[-1]
        postgres.run("pg_dump", "--format=custom", f"--file={file}", url)
        assert acked[-1] > before
    postgres.run("pg_restore", "--clean", "--if-exists", f"--dbname={again}", file)
    assert steps_in(again)[: before + 1] == list(range(before + 1))


def steps_in(url):
    """The steps in a copy, after a look at their values."""
    store = Store.open(url)
    curve = SeriesReader(store.series).points("run1", "batch/loss", None, None, 100_000)
    store.close()
    assert (curve.values == curve.steps / 8).all()
    return curve.steps.tolist()


def home_database(tmp_path):
    return Home(tmp_path / "home", socket.gethostname()).database_file


@pytest.fixture
def copy(tmp_path):
    """A backup with one run."""
    file = tmp_path / "copy.db"
    store = Store.open(f"sqlite:///{file}")
    store.log.append([(opening(), wire.encode(opening()))], now=1000.0)
    store.close()
    return file


def test_a_backup_is_put_back_unless_something_is_there(run, copy, tmp_path):
    database = home_database(tmp_path)
    assert run("restore", copy) == (0, f"1 run of {copy} now in {database}\n")
    database.with_name("nanwatch.db-wal").write_bytes(b"of another time")
    code, words = run("restore", copy)
    assert (code, "--force" in words) == (2, True)
    assert run("restore", copy, "--force")[0] == 0
    assert sorted(path.name for path in database.parent.glob("nanwatch.db*")) == ["nanwatch.db"]
    assert run("backup", copy)[0] == 2
    assert run("backup", copy, "--force")[0] == 0


def test_nothing_is_put_under_a_server_that_runs(run, copy, server_process):
    process = server_process().start()
    code, words = run("restore", copy, "--force", NANWATCH_DIR=str(process.folder))
    assert code == 2
    assert "uses this database already" in words


def spoil_schema(file):
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def spoil_pages(file):
    data = bytearray(file.read_bytes())
    data[20_000:60_000] = bytes(40_000)
    file.write_bytes(data)


SPOILED = {
    "newer": (spoil_schema, "pip install --upgrade nanwatch"),
    "text": (lambda file: file.write_text("hello"), "no database of nanwatch"),
    "empty": (lambda file: file.write_bytes(b""), "no database of nanwatch"),
    "damaged": (spoil_pages, "nanwatch: "),
    "missing": (lambda file: file.unlink(), "no database of nanwatch"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_what_is_no_good_backup_is_refused_and_leaves_the_database(run, copy, tmp_path, kind):
    database = home_database(tmp_path)
    database.parent.mkdir(parents=True)
    database.write_bytes(b"what was there")
    spoil, words = SPOILED[kind]
    spoil(copy)
    code, said = run("restore", copy, "--force")
    assert code == 2
    assert words in said
    assert database.read_bytes() == b"what was there"
    assert [path.name for path in database.parent.glob("*.part*")] == []


@pytest.mark.parametrize(("name", "program"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_postgresql_has_programs_of_its_own(run, tmp_path, name, program):
    url = "postgresql://somebody:secret@db/nanwatch"
    code, words = run(name, tmp_path / "copy", NANWATCH_DATABASE_URL=url)
    assert code == 2
    assert program in words
    assert "secret" not in words


def test_backups_and_restores_are_in_the_audit(run, tmp_path):
    home = Home(tmp_path / "home", socket.gethostname())
    home.prepare()
    url = f"sqlite:///{home.database_file}"
    Store.open(url).close()
    copy = tmp_path / "copy.db"
    assert run("backup", copy)[0] == 0
    assert run("restore", copy, "--force")[0] == 0
    store = Store.open(url)
    ((_, entry),) = store.audit.entries(9)  # that of the backup came after the copy
    store.close()
    assert (entry.action, entry.subject) == ("restore", str(copy))
    assert entry.actor.endswith("at the command line")


@pytest.mark.parametrize(("flags", "kept"), [((), False), (("--with-secrets",), True)])
def test_a_backup_holds_no_secrets_unless_they_are_asked_for(run, tmp_path, flags, kept):
    home = Home(tmp_path / "home", socket.gethostname())
    home.prepare()
    store = Store.open(f"sqlite:///{home.database_file}")
    store.access.new_session(1e12)
    insertion = (
        "INSERT INTO channel (kind, name, target, secret, enabled, created_at)"
        " VALUES ('webhook', 'ops', 'https://x.example/CANARY-1', 'whsec_CANARY-2', 1, 1.0)"
    )
    with store.database.write() as connection:
        connection.exec_driver_sql(insertion)
    store.close()
    copy = tmp_path / "copy.db"
    assert run("backup", copy, *flags)[0] == 0
    bytes_of = copy.read_bytes()
    assert (b"CANARY-1" in bytes_of, b"CANARY-2" in bytes_of) == (kept, kept)
    with closing(sqlite3.connect(copy)) as copied:
        sessions = copied.execute("SELECT count(*) FROM session").fetchone()[0]
        (channel,) = copied.execute("SELECT name, enabled FROM channel").fetchall()
    assert (sessions, channel) == (int(kept), ("ops", int(kept)))
