"""Bringing the tables up to date at the start, once, however many processes start together."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.store.database import Database

HEAD = "0011"  # the newest revision in migrations/versions; a test compares
_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database, to: str = HEAD, *, keep: bool = True) -> bool:
    """Bring the schema to HEAD, or back to an older one. True when something was done.

    Alembic takes longer to import than the rest of the start, so it is left alone unless there is
    something to do.

    Args:
        keep: first copy an SQLite file that is not empty, see `kept_as`.

    Raises:
        SetupError: the schema is newer than this program, the database does not answer or cannot
            be copied, or there is no way back to `to`.
    """
    try:
        if current_revision(database) == to:
            return False
        return _migrate_in_turn(database, to, keep)
    except OperationalError as error:
        raise SetupError(
            f"the {database.kind} database does not answer",
            str(error.orig).strip().splitlines()[0],
            "check that it runs, that the URL is right and that its disk has room",
        ) from error


def kept_as(database: Database, revision: str) -> Path | None:
    """Where a database is copied to before its schema is changed from this one."""
    file = database.file
    return None if file is None else file.with_name(f"{file.name}.schema-{revision}")


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


def _migrate_in_turn(database: Database, to: str, keep: bool) -> bool:
    """One transaction for everything: a crash in the middle leaves the old schema whole."""
    with database.write_in_turn() as connection:
        revision = _known_revision(connection)
        if revision == to:
            return False
        if keep and revision is not None:
            _keep(database, revision)
        _change(connection, revision, to)
    return True


def known_revisions() -> set[str]:
    """The revisions of every schema that this program can bring up to date."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_SCRIPTS))
    return {script.revision for script in scripts.walk_revisions()}


def _known_revision(connection: Connection) -> str | None:
    """The revision of the schema. Raises SetupError for one that is not known here."""
    from alembic.runtime.migration import MigrationContext

    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in known_revisions():
        raise SetupError(
            "the database was written by a newer nanwatch",
            f"its schema is {revision[:40]!r}, this version knows up to {HEAD!r}",
            "pip install --upgrade nanwatch, or name another database with --database-url; to go "
            f"back, run `nanwatch migrate --to {HEAD}` with the newer version",
        )
    return revision


def _keep(database: Database, revision: str) -> None:
    """Copy an SQLite file as it is, in the place of the copy of the time before."""
    from nanwatch_monitor.store.backup import back_up

    file, copy = database.file, kept_as(database, revision)
    if file is None or copy is None:  # PostgreSQL brings its own programs for that
        return
    for old in file.parent.glob(f"{file.name}.schema-*"):
        with suppress(OSError):
            old.unlink()
    try:
        back_up(file, copy, replace=True, secrets=True)
    except SetupError as error:
        how = f"{error.how}; or make a backup elsewhere and run `nanwatch migrate --no-backup`"
        raise SetupError(error.what, error.why, how) from error


def _change(connection: Connection, revision: str | None, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    if to not in known_revisions():
        known = ", ".join(sorted(known_revisions()))
        raise SetupError(f"there is no schema {to[:40]!r}", "", f"name one of {known}")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS))
    (command.upgrade if (revision or "") < to else command.downgrade)(config, to)
