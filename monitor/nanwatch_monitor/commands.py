"""What the server's commands share: their settings, how they refuse, what they leave written."""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.settings import ServerSettings, from_environment

REFUSED = 2

database_url_option = click.option(
    "--database-url", metavar="URL", help="SQLite or PostgreSQL; default: a file of this user."
)


def settings_of(**overrides: Any) -> ServerSettings:
    """The settings of the environment; an option that was given beats it. Raises SetupError."""
    return from_environment(os.environ, **overrides)


@contextmanager
def refusals() -> Iterator[None]:
    """What the user can mend ends the command with words instead of a traceback."""
    try:
        yield
    except SetupError as error:
        click.echo(f"nanwatch: {error}", err=True)
        sys.exit(REFUSED)


def write_down(settings: ServerSettings, action: str, subject: str) -> None:
    """Add what was done to the audit. A database of an older version has none."""
    from sqlalchemy.exc import SQLAlchemyError

    from nanwatch_monitor.store.audit import AuditStore, Entry
    from nanwatch_monitor.store.database import Database
    from nanwatch_monitor.store.migrate import HEAD, current_revision

    database = Database(settings.effective_database_url)
    try:
        if current_revision(database) == HEAD:
            actor = f"{getpass.getuser()} at the command line"
            AuditStore(database).record(Entry(time.time(), actor, action, subject))
    except SQLAlchemyError as error:  # what was asked for is done
        click.echo(f"nanwatch: not in the audit: {type(error).__name__}", err=True)
    finally:
        database.close()
