"""The `nanwatch` command. Each subcommand is imported when it is called, so that help is quick."""

from __future__ import annotations

import errno
import importlib
import keyword
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

from nanwatch._version import __version__

SECTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Look at trainings": {
            "runs": "List the runs, the latest first.",
            "show": "Show one run, or the failing step in a bundle.",
            "tail": "Follow a run until it ends: its loss, and what is found.",
            "alerts": "List what went wrong, deal with it, and try the channels.",
            "export": "Write a run's exact points, or a report of it.",
            "explain": "Say how to mend a cause, or where a loss breaks.",
            "check": "Say what would go wrong in a training script, without training.",
        },
        "Bring what was recorded": {
            "sync": "Deliver what offline or cut-off trainings left on disk.",
            "import": "Bring a run from a file to the server.",
        },
        "Mend a set-up": {
            "doctor": "Check server, token, disk, clock and versions.",
        },
        "Run the server": {
            "demo": "See it at work: trainings on real data that go wrong, and why.",
            "serve": "Run the server with the dashboard.",
            "stop": "End the local monitor.",
            "migrate": "Bring the database up to date.",
            "backup": "Copy the database to a file, also while the server runs.",
            "restore": "Put a backup in the place of the database.",
            "thin": "Remove the exact points of an old run; its curves stay.",
            "vacuum": "Make the database file as small as it can be.",
            "token": "Print this user's token; make, list and revoke others.",
        },
    }
)
OWN: Mapping[str, str] = MappingProxyType(
    {
        "runs": "nanwatch.cli.reading",
        "show": "nanwatch.cli.reading",
        "tail": "nanwatch.cli.tail",
        "alerts": "nanwatch.cli.alerts",
        "export": "nanwatch.cli.export",
        "explain": "nanwatch.cli.explain",
        "check": "nanwatch.cli.check",
        "sync": "nanwatch.cli.sync",
        "import": "nanwatch.cli.importing",
        "doctor": "nanwatch.cli.doctor",
    }
)
SERVERS = tuple(SECTIONS["Run the server"])


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; that its output finds no room is no reason for a traceback."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
                raise
            where = error.filename or "the output"
            raise click.ClickException(f"{where} cannot be written: {error.strerror}") from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order in which help shows them."""
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name in OWN:
            name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
            found: click.Command = getattr(importlib.import_module(OWN[cmd_name]), name)
            return found
        return _server_command(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command, without importing any."""
        width = max(map(len, self.list_commands(ctx)))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", text) for name, text in commands.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nanwatch")
def main() -> None:
    """Watch Keras trainings live and learn why a loss went wrong."""


def _server_command(name: str) -> click.Command | None:
    from nanwatch.local_monitor import missing_packages

    missing = missing_packages()
    if missing:
        return _stub(name, missing) if name in SERVERS else None
    from nanwatch_monitor.cli import commands

    return next((command for command in commands if command.name == name), None)


def _stub(name: str, missing: list[str]) -> click.Command:
    """What stands in for a command of the server where the server is not installed."""

    def refuse(**_ignored: Any) -> None:
        from nanwatch.local_monitor import INSTALL

        raise click.ClickException(
            f"`nanwatch {name}` needs the server, but {', '.join(missing)} cannot be found. "
            f"Install it with: {INSTALL}"
        )

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=refuse, context_settings=anything)
