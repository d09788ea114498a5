"""The commands for the database: migrate, backup, restore."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path

import click

from nanwatch_monitor.commands import database_url_option, refusals, settings_of, write_down
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.settings import ServerSettings

_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@click.option("--to", metavar="SCHEMA", help="Go back to an older one. No server may run.")
@click.option("--no-backup", is_flag=True, help="Don't copy an SQLite file first.")
@database_url_option
def migrate(to: str | None, no_backup: bool, database_url: str | None) -> None:
    """Bring the database up to date. `serve` does it by itself.

    An SQLite file is copied first, to a file of its name with `.schema-` and the schema behind it.
    With --to a database is made fit for an older nanwatch; what only newer ones know is lost.
    """
    from nanwatch_monitor.serve import sole_use
    from nanwatch_monitor.store.database import Database
    from nanwatch_monitor.store.migrate import HEAD, current_revision, kept_as
    from nanwatch_monitor.store.migrate import migrate as bring_up_to_date

    with refusals():
        settings = settings_of(database_url=database_url)
        if settings.database_url is None:
            settings.home.prepare()
        database = Database(settings.effective_database_url)
        with closing(database), sole_use(settings) if to else nullcontext():
            before = current_revision(database)
            done = bring_up_to_date(database, to or HEAD, keep=not no_backup)
            kept = kept_as(database, before) if before and not no_backup else None
    source = f"from schema {before}" if before else "an empty database"
    as_it_was = f"; as it was: {kept}" if kept else ""
    words = f"migrated {source} to {to or HEAD}{as_it_was}"
    click.echo(words if done else f"is up to date at schema {to or HEAD}")


@click.command()
@_file
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--with-secrets", is_flag=True, help="Keep where channels post to, and sessions.")
@database_url_option
def backup(file: Path, force: bool, with_secrets: bool, database_url: str | None) -> None:
    """Copy the SQLite database to FILE, while the server runs or not.

    The copy holds every point that was acknowledged before.
    """
    from nanwatch_monitor.store.backup import back_up

    with refusals():
        settings = settings_of(database_url=database_url)
        database = _sqlite_file(settings, f"pg_dump --format=custom --file={file} URL")
        runs = back_up(database, file, replace=force, secrets=with_secrets)
        write_down(settings, "backup", str(file))
    click.echo(f"{_count(runs)} of {database} now in {file}")


@click.command()
@_file
@click.option("--force", is_flag=True, help="Replace the database that is there.")
@database_url_option
def restore(file: Path, force: bool, database_url: str | None) -> None:
    """Put the backup FILE in the place of the SQLite database. The server must not run."""
    from nanwatch_monitor.serve import sole_use
    from nanwatch_monitor.store.backup import restore as put_back

    with refusals():
        settings = settings_of(database_url=database_url)
        how = f"pg_restore --clean --if-exists --dbname=URL {file}"
        database = _sqlite_file(settings, how)
        with sole_use(settings):
            runs = put_back(file, database, replace=force)
            write_down(settings, "restore", str(file))
    click.echo(f"{_count(runs)} of {file} now in {database}")


def _sqlite_file(settings: ServerSettings, instead: str) -> Path:
    """The file of the database. Raises SetupError for PostgreSQL, saying what to do instead."""
    from nanwatch_monitor.store.database import sqlite_file

    file = sqlite_file(settings.effective_database_url)
    if file is None:
        raise SetupError(
            "this command is for SQLite",
            "PostgreSQL brings its own, which work while servers run",
            f"{instead}   (with URL as in NANWATCH_DATABASE_URL, without `+psycopg`)",
        )
    return file


def _count(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs} runs"
