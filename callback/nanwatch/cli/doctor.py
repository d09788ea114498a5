"""`nanwatch doctor`: checks a set-up end to end, and says what to mend."""

from __future__ import annotations

import importlib.util
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from uuid import uuid4

import click

from nanwatch._version import __version__
from nanwatch.cli.connection import json_option, server_option, settle, write_json
from nanwatch.local_monitor import INSTALL, missing_packages, server_for
from nanwatch.settings import ClientSettings
from nanwatch.spool import Stream, StreamBusyError, stored_streams
from nanwatch.transport import Answer, Endpoint, Link, LinkError

BACKENDS = ("tensorflow", "jax", "torch")
SKEW_S = 5.0
MARKS = {True: click.style("  ok", fg="green"), False: click.style("mend", fg="red", bold=True)}


@dataclass(frozen=True)
class Check:
    """One check of the set-up.

    Attributes:
        mend: what to do about it; empty where there is nothing to do.
    """

    name: str
    seen: str
    mend: str = ""

    @property
    def fine(self) -> bool:
        """Whether there is nothing to do."""
        return not self.mend


@click.command()
@server_option
@json_option
def doctor(server: str | None, as_json: bool) -> None:
    """Check that trainings on this machine can be watched: server, token, disk, clock, versions."""
    settings = settle(server)
    checks = list(examine(settings))
    if as_json:
        write_json({"checks": [asdict(check) | {"fine": check.fine} for check in checks]})
    else:
        _write(checks)
    if not all(check.fine for check in checks):
        raise SystemExit(1)


def examine(settings: ClientSettings) -> Iterator[Check]:
    """Every check, in the order in which a point travels."""
    yield keras()
    yield spool(settings.directory / "spool")
    yield waiting(settings.directory / "spool")
    endpoint = server_for(settings).find()
    if endpoint is None:
        yield no_server()
        return
    link = Link(endpoint)
    try:
        yield from _of_server(endpoint, partial(_ask, link))
    finally:
        link.close()


def keras() -> Check:
    """Whether there is a Keras to watch."""
    try:
        found = f"Python {platform.python_version()}, Keras {version('keras')}"
    except PackageNotFoundError:
        mend = 'to watch model.fit: pip install "nanwatch[tensorflow]"; start_run works without'
        return Check("Keras", "not installed", mend)
    backends = [name for name in BACKENDS if importlib.util.find_spec(name)]
    mend = "" if backends else 'install a backend: pip install "nanwatch[tensorflow]"'
    return Check("Keras", f"{found} with {', '.join(backends) or 'no backend'}", mend)


def spool(folder: Path) -> Check:
    """Whether points can be kept on disk."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{uuid4().hex}"
        probe.write_bytes(b"nanwatch")
        probe.unlink()
    except OSError as error:
        mend = "make the folder writable, or set NANWATCH_DIR to another one"
        return Check("spool", f"{folder} cannot be written: {error.strerror or error}", mend)
    return Check("spool", f"{folder} can be written")


def waiting(folder: Path) -> Check:
    """Whether earlier trainings wait to be delivered."""
    count = sum(not _is_busy(directory) for directory in stored_streams(folder))
    if not count:
        return Check("deliveries", "nothing waits")
    return Check("deliveries", f"{count} trainings have points on disk", "nanwatch sync")


def _is_busy(directory: Path) -> bool:
    """Whether a training that runs is delivering a stream by itself."""
    try:
        Stream.open(directory).close(delivered=False)
    except StreamBusyError:
        return True
    except OSError:  # `nanwatch sync` says more
        return False
    return False


def no_server() -> Check:
    """No local monitor runs; the next training starts one if it can."""
    if missing_packages():
        return Check(
            "server", "none, and none can be started", f"{INSTALL}, or set NANWATCH_SERVER"
        )
    return Check("server", "no local monitor runs; the next training starts one")


def _of_server(
    endpoint: Endpoint, ask: Callable[[str], tuple[Answer | None, str]]
) -> Iterator[Check]:
    began = time.time()
    answer, why = ask("/healthz")
    if answer is None or answer.body.get("service") != "nanwatch":
        seen = f"{endpoint.url}: {why or 'something else answers there'}"
        yield Check("server", seen, "check the address, and that the server runs")
        return
    yield Check("server", f"{endpoint.url} answers in {(time.time() - began) * 1000:.0f} ms")
    yield versions(str(answer.body.get("version")))
    yield clock(answer.body.get("time"), began, time.time())
    ready, why = ask("/readyz")
    fine = ready is not None and ready.status == 200
    mend = "" if fine else "look at the server's database and its log"
    seen = "answers" if fine else str(ready.body.get("why") or ready.detail) if ready else why
    yield Check("database", seen, mend)
    yield token(*ask("/api/v1/about"))


def token(answer: Answer | None, why: str) -> Check:
    """Whether the token is good, and for what; a training needs "write" or "admin"."""
    if answer is None:
        return Check("token", why, "ask again when the server answers")
    scope = answer.body.get("scope")
    if answer.status == 403 and scope == "write":
        return Check("token", "accepted, for reporting; it may not read runs")
    if answer.status != 200:
        mend = "set NANWATCH_TOKEN to what `nanwatch token` prints on its machine"
        return Check("token", answer.detail, mend)
    if scope == "read":
        mend = "to report trainings: nanwatch token create NAME --scope write"
        return Check("token", "accepted, for reading alone", mend)
    return Check("token", "accepted")


def versions(theirs: str) -> Check:
    """Whether both sides are of one version; others understand each other, but not all."""
    if theirs == __version__:
        return Check("versions", f"{__version__} on both sides")
    mend = "pip install --upgrade nanwatch, on the older side"
    return Check("versions", f"{__version__} here, {theirs} there", mend)


def clock(theirs: object, before: float, after: float) -> Check:
    """Whether both clocks agree; points are ordered by steps, so only times shown are wrong."""
    if not isinstance(theirs, int | float):
        return Check("clock", "the server tells no time")
    skew = max(before - theirs, theirs - after, 0.0)
    if skew <= SKEW_S:
        return Check("clock", "agrees with the server's")
    return Check("clock", f"{skew:.0f} s from the server's", "set both clocks by NTP")


def _ask(link: Link, path: str) -> tuple[Answer | None, str]:
    try:
        return link.get(path), ""
    except LinkError as error:
        return None, str(error)


def _write(checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(f"{MARKS[check.fine]}  {check.name:<{width}}  {check.seen}")
        if check.mend:
            click.echo(f"{'':>4}  {'':<{width}}  -> {check.mend}")
    bad = sum(not check.fine for check in checks)
    things = "1 thing" if bad == 1 else f"{bad} things"
    click.echo(f"{things} to mend" if bad else "all is well")
