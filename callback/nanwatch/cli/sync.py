"""`nanwatch sync`: delivers what trainings left on disk."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from nanwatch import wire
from nanwatch.cli.connection import (
    find_server,
    json_option,
    printable,
    server_option,
    settle,
    write_json,
)
from nanwatch.delivery import Advanced, Again, Deleted, Delivery, Idle, Refused, Retry, SetAside
from nanwatch.events import RunStarted
from nanwatch.sender import Backoff
from nanwatch.spool import Stream, StreamBusyError, stored_streams
from nanwatch.transport import Endpoint, Link

TRIES = 5


@dataclass(frozen=True)
class Report:
    """What became of one stream.

    Attributes:
        state: "delivered", "busy" (its training still delivers it), "deleted" (on the server, and
            now here) or "kept".
        why: why it was kept, else empty.
        rejected: how many frames the server refused; they stay in the folder.
    """

    run_id: str
    name: str
    state: str
    frames: int = 0
    n_bytes: int = 0
    rejected: int = 0
    why: str = ""


@click.command()
@server_option
@json_option
def sync(server: str | None, as_json: bool) -> None:
    """Deliver what offline or cut-off trainings left on disk."""
    settings = settle(server)
    folder = settings.directory / "spool"
    streams = _stored(folder)
    endpoint = find_server(settings) if streams else None
    reports = [deliver(directory, endpoint) for directory in streams if endpoint is not None]
    if as_json:
        write_json({"streams": [asdict(report) for report in reports]})
    else:
        _write(reports, endpoint.url if endpoint is not None else "", folder)
    if any(report.state == "kept" or report.rejected for report in reports):
        raise SystemExit(1)


def deliver(directory: Path, endpoint: Endpoint) -> Report:
    """Deliver one stream and remove it, or say why not."""
    report = Report(directory.parent.name, _run_name(directory), "kept")
    try:
        stream = Stream.open(directory)
    except StreamBusyError:
        return replace(report, state="busy")
    except OSError as error:
        return replace(report, why=f"{directory} cannot be read: {error.strerror}")
    link = Link(endpoint)
    try:
        report = _drain(Delivery(stream, link), report)
    except OSError as error:
        report = replace(report, why=f"{directory} cannot be read: {error.strerror}")
    finally:
        link.close()
        stream.close(delivered=report.state in ("delivered", "deleted"))
    return report


def _drain(delivery: Delivery, report: Report) -> Report:
    backoff = Backoff()
    while True:
        match delivery.step():
            case Advanced(frames, n_bytes, _):
                backoff.failures = 0
                total = report.frames + frames
                report = replace(report, frames=total, n_bytes=report.n_bytes + n_bytes)
            case SetAside(_, why):
                report = replace(report, rejected=report.rejected + 1, why=why)
            case Again():
                continue
            case Deleted(frames):
                report = replace(report, state="deleted", frames=report.frames + frames)
            case Idle():
                done = "deleted" if report.state == "deleted" else "delivered"
                return replace(report, state=done)
            case Refused(why):
                return replace(report, why=why)
            case Retry(why, after_s):
                if backoff.failures + 1 >= TRIES:
                    return replace(report, why=why)
                time.sleep(backoff.next(after_s))


def _run_name(directory: Path) -> str:
    try:
        first = wire.decode((directory / "introduction").read_bytes()).events[0]
    except (OSError, wire.WireError, IndexError):
        return directory.parent.name
    return first.name if isinstance(first, RunStarted) else directory.parent.name


def _stored(folder: Path) -> list[Path]:
    """The streams in a folder, which need not be there. Raises ClickException."""
    try:
        next(folder.iterdir(), None)  # what cannot be read must not look as if it were empty
    except FileNotFoundError:
        return []
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be read: {error.strerror}") from error
    return stored_streams(folder)


def _write(reports: list[Report], url: str, folder: Path) -> None:
    if not reports:
        click.echo(f"nothing to deliver: no training has left anything in {folder}")
    else:
        click.echo(f"delivering to {url}")
    for report in reports:
        click.echo(f"{printable(report.name)} ({report.run_id}): {_words(report)}")


def _words(report: Report) -> str:
    size = f"{report.frames} blocks, {report.n_bytes / 1024:.1f} KiB"
    if report.state == "busy":
        return "its training is running and delivers by itself"
    if report.state == "deleted":
        return "was deleted on the server; what was left of it is removed here as well"
    if report.state == "kept":
        return f"kept on disk after {size}: {printable(report.why)}"
    aside = f"; the server refused {report.rejected} ({printable(report.why)}), they are kept"
    return f"delivered {size}{aside if report.rejected else ''}"
