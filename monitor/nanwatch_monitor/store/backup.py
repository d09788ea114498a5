"""Copies of an SQLite database: taken while a server writes to it, and put back.

A copy is one snapshot: SQLite reads it in one transaction, and in WAL mode no writer waits for a
reader. It is written beside its place and moved there when it is whole.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.store.migrate import HEAD, known_revisions

# What opens doors, and needs not be in a copy that is carried elsewhere.
_FORGET = {
    "channel": "UPDATE channel SET target = '', secret = NULL, enabled = 0",
    "session": "DELETE FROM session",
    "login_code": "DELETE FROM login_code",
}
_COMPANIONS = ("-wal", "-shm", "-journal")


def back_up(database: Path, copy: Path, *, replace: bool, secrets: bool = False) -> int:
    """Write a copy of a database, in use or not.

    Args:
        replace: take the place of a file that is there.
        secrets: keep the targets and secrets of channels, and the sessions of browsers.

    Returns:
        How many runs are in it.

    Raises:
        SetupError: the database is none, or the copy cannot be written.
    """
    if not replace and copy.exists():
        raise _is_there(copy, "name another file")
    _schema_of(database)
    return _copy(database, copy, secrets)


def write_anew(database: Path) -> tuple[int, int]:
    """Write a database that nobody uses without what is free in it.

    Returns:
        Its size in bytes before and after.

    Raises:
        SetupError: the database is none, or there is no room for a second copy of it.
    """
    _schema_of(database)
    before = database.stat().st_size
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # for older files, from now on
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        how = "make room for a second copy beside it, and see that no server runs"
        raise SetupError(f"{database} cannot be written anew", str(error), how) from error
    return before, database.stat().st_size


def restore(copy: Path, database: Path, *, replace: bool) -> int:
    """Put a copy in the place of a database that nobody uses.

    Args:
        replace: take the place of a database that is there; what is in it is lost.

    Returns:
        How many runs are in it.

    Raises:
        SetupError: the copy is no database of nanwatch, of a newer one or damaged, or the
            database is there or cannot be written.
    """
    schema = _schema_of(copy)
    if schema not in known_revisions():
        raise SetupError(
            f"{copy} was written by a newer nanwatch",
            f"its schema is {schema[:40]!r}, this version knows up to {HEAD!r}",
            "pip install --upgrade nanwatch",
        )
    if not replace and database.exists() and database.stat().st_size:
        raise _is_there(database, "make a backup of it first")
    return _copy(copy, database, secrets=True)


def _copy(source: Path, target: Path, secrets: bool) -> int:
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
        with _opened(source) as reading, closing(sqlite3.connect(part)) as writing:
            reading.backup(writing)  # in one step: in several it starts over at every commit
            writing.execute("PRAGMA journal_mode = DELETE").close()  # one file, no companions
            _check(writing, source)
            if not secrets:
                _forget_secrets(writing)
            runs = int(writing.execute("SELECT count(*) FROM run").fetchone()[0])
        for companion in _COMPANIONS:  # of an old database: they would be applied to the new one
            target.with_name(target.name + companion).unlink(missing_ok=True)
        part.replace(target)
        return runs
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise SetupError(
            f"{target} cannot be written", str(error), "see that the disk has room, then try again"
        ) from error


def _forget_secrets(copied: sqlite3.Connection) -> None:
    """Their bytes are overwritten, not only given free."""
    known = {name for (name,) in copied.execute("SELECT name FROM sqlite_master")}
    copied.execute("PRAGMA secure_delete = ON").close()
    for table, statement in _FORGET.items():
        if table in known:  # an older database has not all of them
            copied.execute(statement)
    copied.commit()


def _check(copied: sqlite3.Connection, source: Path) -> None:
    found = copied.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        how = "take an older backup, or see `.recover` of the program sqlite3"
        raise SetupError(f"{source} is damaged", str(found), how)


def _schema_of(file: Path) -> str:
    """The revision of a database's schema. Raises SetupError."""
    why = "it holds no schema"
    try:
        with _opened(file) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("SELECT count(*) FROM run, stream LIMIT 1").close()
        if row is not None:
            return str(row[0])
    except sqlite3.Error as error:
        why = str(error)
    raise SetupError(f"{file} is no database of nanwatch", why, "name another file")


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A database that is only read; not made when it is not there."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def _is_there(file: Path, how: str) -> SetupError:
    return SetupError(f"{file} is there", "it would be lost", f"{how}, or say --force")
