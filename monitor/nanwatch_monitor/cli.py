"""The server's commands. The `nanwatch` command mounts them; they also run by themselves."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import click

from nanwatch_monitor.commands import database_url_option, refusals, settings_of
from nanwatch_monitor.database_commands import backup, migrate, restore
from nanwatch_monitor.demo import demo
from nanwatch_monitor.errors import SetupError
from nanwatch_monitor.housekeeping_commands import thin, vacuum
from nanwatch_monitor.settings import ServerSettings, as_local_monitor
from nanwatch_monitor.token_commands import token

_STOP_TIMEOUT_S = 10.0


@click.command()
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default 8777; 0: any free one.")
@database_url_option
@click.option("--no-auth", is_flag=True, help="Ask for no token; on loopback only.")
@click.option("--local", is_flag=True, hidden=True, help="The monitor that a callback starts.")
def serve(
    host: str | None, port: int | None, database_url: str | None, no_auth: bool, local: bool
) -> None:
    """Run the server with the dashboard."""
    from nanwatch_monitor import serve as server
    from nanwatch_monitor.log_lines import set_up_logging
    from nanwatch_monitor.presence import AlreadyRunningError

    with refusals():
        settings = settings_of(
            host=host,
            port=port,
            database_url=database_url,
            auth=False if no_auth else None,
        )
        set_up_logging(settings.log_format)
        if local:
            settings = as_local_monitor(settings)
        try:
            server.serve(settings, _greet_local if local else _greet, local)
        except AlreadyRunningError as error:
            said = _with_address(error, settings) if server.is_home_monitor(settings) else error
            if not local:
                raise said from error
            click.echo(str(said))
        except KeyboardInterrupt:
            click.echo("stopped")


@click.command()
def stop() -> None:
    """End the local monitor."""
    from nanwatch_monitor.presence import who_answers

    with refusals():
        note = settings_of().home.read_note()
    found = who_answers(note.url) if note else None
    if note is None or found is None or found.get("instance") != note.instance:
        click.echo("no local monitor runs")
        return
    with suppress(ProcessLookupError):  # it left by itself just now
        os.kill(note.pid, signal.SIGTERM)
    if not _is_gone(note.pid, _STOP_TIMEOUT_S):
        raise click.ClickException(f"process {note.pid} has not ended within {_STOP_TIMEOUT_S} s")
    click.echo(f"stopped the monitor at {note.url}")


commands: list[click.Command] = [demo, serve, stop, migrate, backup, restore, thin, vacuum, token]


def main() -> None:
    """Run a command of the server."""
    click.Group(name="nanwatch_monitor", commands=commands)(prog_name="nanwatch_monitor")


def _greet(settings: ServerSettings, login_path: str) -> None:
    click.echo(f"nanwatch serves at {settings.url} - open {settings.url}{login_path} to log in")


def _greet_local(settings: ServerSettings, _login_path: str) -> None:
    """No link: this goes into a log file, and secrets don't belong there."""
    click.echo(f"nanwatch serves at {settings.url}")


def _with_address(error: SetupError, settings: ServerSettings) -> SetupError:
    note = settings.home.read_note()
    why = f"process {note.pid} serves it at {note.url}" if note else error.why
    how = "use that one, end it with `nanwatch stop`, or name another --database-url"
    return SetupError(error.what, why, how)


def _is_gone(pid: int, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
