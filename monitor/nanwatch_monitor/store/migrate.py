"""Bringing the tables up to date at the start, once, however many processes start together."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.store.database import Database

HEAD = "0010"  # the newest revision in migrations/versions; a test compares
_SCRIPTS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x6E616E77  # "nanw": the lock under which PostgreSQL servers migrate in turn


def migrate(database: Database) -> bool:
    """Bring the schema to HEAD. True when something was done.

    Alembic takes longer to import than the rest of the start, so it is left alone unless there is
    something to do.

    Raises:
        SetupError: the schema is newer than this program, or the database does not answer.
    """
    try:
        if current_revision(database) == HEAD:
            return False
        return _migrate_in_turn(database)
    except OperationalError as error:
        raise SetupError(
            f"the {database.kind} database does not answer",
            str(error.orig).strip().splitlines()[0],
            "check that it runs, that the URL is right and that its disk has room",
        ) from error


def current_revision(database: Database) -> str | None:
    """The revision of the schema, or None for an empty database."""
    try:
        with database.read() as connection:
            revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return None if revision is None else str(revision)
    except OperationalError as error:
        if "no such table" in str(error.orig):
            return None
        raise
    except ProgrammingError:  # PostgreSQL: undefined table
        return None


def _migrate_in_turn(database: Database) -> bool:
    """One transaction for everything: a crash in the middle leaves the old schema whole."""
    with database.write() as connection:  # on SQLite this alone lets one process in
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        return _upgrade(connection)


def known_revisions() -> set[str]:
    """The revisions of every schema that this program can bring up to date."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_SCRIPTS))
    return {script.revision for script in scripts.walk_revisions()}


def _upgrade(connection: Connection) -> bool:
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS))
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in known_revisions():
        raise SetupError(
            "the database was written by a newer nanwatch",
            f"its schema is {revision[:40]!r}, this version knows up to {HEAD!r}",
            "pip install --upgrade nanwatch, or name another database with --database-url",
        )
    command.upgrade(config, "head")
    return revision != HEAD
