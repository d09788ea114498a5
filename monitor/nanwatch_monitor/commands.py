"""What the server's commands share: their settings, and how they refuse."""

from __future__ import annotations

import os
import sys
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
