"""`nanwatch demo`: the main job on real data - server, trainings, diagnoses, dashboard.

The trainings run in a process of their own, as a user's would: the server imports no framework.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading

import click

from nanwatch.local_monitor import MonitorUnavailableError, server_for
from nanwatch.settings import ClientSettings
from nanwatch.transport import LOGIN_CODES, Endpoint, Link, LinkError

NEEDED = ("keras", "tensorflow", "sklearn", "palmerpenguins")
INSTALL = 'pip install "nanwatch[demo]"'
ATTACH = """
To watch a training of your own, add one line:

    from nanwatch import NanWatch

    model.fit(x, y, callbacks=[NanWatch()])

It finds this monitor by itself."""


@click.command()
@click.option("--server", help="Use this server; default: the local monitor, started if needed.")
def demo(server: str | None) -> None:
    """See it at work: trainings on real data that go wrong, and why."""
    _require_trainings()
    endpoint, started = _server(server)
    click.echo(f"The monitor answers at {endpoint.url}\n")
    code = subprocess.call(
        [sys.executable, "-m", "nanwatch.demo"],
        env={**os.environ, "NANWATCH_SERVER": endpoint.url, "NANWATCH_PROJECT": "demo"}
        | ({"NANWATCH_TOKEN": endpoint.token} if endpoint.token else {}),
    )
    click.echo(_closing_words(endpoint))
    if code == 0 and os.environ.get("NANWATCH_DEMO_EXIT") != "1":
        _serve_on(endpoint)
    if started:
        _stop()
    sys.exit(1 if code else 0)


def _require_trainings() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        click.echo(
            f"nanwatch: the demo trains real models and needs {', '.join(missing)}; "
            f"install them with {INSTALL}",
            err=True,
        )
        sys.exit(1)


def _server(url: str | None) -> tuple[Endpoint, bool]:
    """The server to use, and whether it was started for this demo."""
    try:
        found = server_for(ClientSettings.resolve(url))
        running = found.find()
        return running or found.find_or_start(), running is None
    except (MonitorUnavailableError, ValueError) as error:
        click.echo(f"nanwatch: {error}", err=True)
        sys.exit(2)


def _closing_words(endpoint: Endpoint) -> str:
    return (
        "\nLook at the runs in the browser (the link logs it in, once):\n\n"
        f"    {_page(endpoint)}{_login_path(endpoint)}\n\n"
        "Compare penguins-missing-values with penguins-repaired, and diabetes-raw-units with\n"
        "diabetes-repaired: the broken curve ends at a red mark, its card says why.\n" + ATTACH
    )


def _page(endpoint: Endpoint) -> str:
    """Where a browser finds the server; between containers it has another name than for us."""
    return os.environ.get("NANWATCH_PUBLIC_URL") or endpoint.url


def _login_path(endpoint: Endpoint) -> str:
    link = Link(endpoint)
    try:
        return str(link.post(LOGIN_CODES).body.get("path", "/"))
    except LinkError:
        return "/"
    finally:
        link.close()


def _serve_on(endpoint: Endpoint) -> None:
    click.echo(f"\nThe monitor goes on at {endpoint.url}. Press Ctrl-C to leave.")
    leave = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leave.set())
    try:
        leave.wait()
    except KeyboardInterrupt:
        click.echo()


def _stop() -> None:
    from nanwatch_monitor.cli import stop

    stop.main([], standalone_mode=False)
