"""The connection to SQLite or PostgreSQL, with reads and writes as two kinds of transaction.

SQLite runs in WAL mode with `synchronous=FULL`: a commit has reached the disk before it is
acknowledged, so neither `kill -9` nor a power cut loses acknowledged points. (NORMAL would survive
only the former.) PostgreSQL does the same by default.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from nanwatch_monitor.errors import SetupError

PATIENCE_MS = 5000
"""How long a statement waits for somebody who has locked what it needs; then it fails."""

_HOUR_MS = 3_600_000
_ADVISORY_LOCK = 0x6E616E77  # "nanw": the lock under which PostgreSQL servers migrate in turn
_AT_FIRST = (  # of an empty file, before WAL: later they change nothing, but want to write
    "PRAGMA page_size = 16384",
    "PRAGMA auto_vacuum = INCREMENTAL",
)
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
# Values stay out of error messages, and so out of logs: they may be anybody's.
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 32, "hide_parameters": True}
_LIVELY = (
    "SET tcp_keepalives_idle = 15",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)


class Database:
    """A pool of connections.

    Args:
        url: an SQLAlchemy URL of SQLite or PostgreSQL.

    Attributes:
        file: of SQLite; None for any other database.

    Raises:
        SetupError: the URL or its driver cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.file = sqlite_file(url)
        self._engine = _engine(_parsed(url))
        # SQLite's readers see one snapshot anyhow; PostgreSQL's see a new one at each statement.
        one_snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self._engine.execution_options(**one_snapshot)
        # Writers of one process queue here: waiting for SQLite's own lock means polling it.
        self._turn = threading.Lock() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self._engine.dialect.name == "sqlite"

    @property
    def kind(self) -> str:
        """The word for people: "sqlite" or "postgresql"."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one snapshot of the database and changes nothing."""
        with self._reader.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back when an error leaves it.

        On SQLite it takes the write lock at once: a transaction that upgrades later fails without
        waiting.
        """
        with self._turn or nullcontext(), self._engine.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def write_in_turn(self) -> Iterator[Connection]:
        """The same, waiting as long as it takes for who changes the schema just now."""
        with self._turn or nullcontext(), self._engine.begin() as connection:
            if self.is_sqlite:
                _wait_for_lock(connection)
            else:
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection outside of any transaction, for locks and notices that live as long as it.

        The other side may vanish without a word; PostgreSQL is told to notice within a minute, so
        that nobody waits longer for the locks of a machine that died.
        """
        alone = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with alone as connection:
            connection.detach()  # locks would outlive it in the pool
            for setting in _LIVELY:
                connection.exec_driver_sql(setting)
            yield connection

    def size_bytes(self) -> int:
        """How much room the database takes on its disk."""
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        query = pages if self.is_sqlite else "SELECT pg_database_size(current_database())"
        with self.read() as connection:
            return int(connection.exec_driver_sql(query).scalar_one())

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What goes wrong with connections, also where the driver is used by itself."""
        return (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, or None for any other database."""
    parsed = _parsed(url)
    on_disk = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(on_disk).absolute() if on_disk else None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SetupError(
            "the database URL cannot be read",
            "it is not of the form sqlite:////path/file.db or postgresql://user@host/name",
            "mend --database-url or NANWATCH_DATABASE_URL",
        ) from error
    if parsed.drivername in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite_engine(url)
        if url.get_backend_name() == "postgresql":
            return _postgres_engine(url)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise SetupError(
            "the driver for this database is missing",
            str(error),
            'pip install "nanwatch[postgres]"',
        ) from error
    raise SetupError(
        f"{url.get_backend_name()[:40]} databases are not supported",
        "nanwatch keeps its data in SQLite or PostgreSQL",
        "mend --database-url or NANWATCH_DATABASE_URL",
    )


def _sqlite_engine(url: URL) -> Engine:
    _create_private_file(Path(url.database or ""))
    engine = create_engine(url, **_POOL)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _postgres_engine(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, **_POOL)
    event.listen(engine, "connect", _set_up_postgres)
    return engine


def _wait_for_lock(connection: Connection) -> None:
    """Take the write lock of SQLite, whoever has it for however long."""
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_HOUR_MS}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {PATIENCE_MS}")


def _create_private_file(path: Path) -> None:
    """Create the file closed to other users; SQLite gives its companions the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise SetupError(
            f"the database file {path} cannot be opened",
            error.strerror or str(error),
            "make its folder writable, or name another with --database-url sqlite:////path/file.db",
        ) from error


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `read` and `write` say so
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    patience = f"PRAGMA busy_timeout = {PATIENCE_MS}"
    for pragma in (*(() if pages else _AT_FIRST), patience, *_PRAGMAS):
        connection.execute(pragma).close()


def _set_up_postgres(connection: Any, _record: Any) -> None:
    connection.execute(f"SET lock_timeout = {PATIENCE_MS}")
    connection.commit()
