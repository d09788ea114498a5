"""`nanwatch import`: brings a run from a file to a server."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import click
import msgspec

from nanwatch.batching import Logged, gather, pack
from nanwatch.cli.connection import RefusedError, find_server, server_option, settle
from nanwatch.cli.sync import deliver
from nanwatch.events import (
    MAX_STEP,
    Diagnosed,
    EndState,
    Event,
    RunEnded,
    RunStarted,
    diagnosis_from_json,
)
from nanwatch.names import random_id
from nanwatch.plain import plain, series_name
from nanwatch.settings import ClientSettings, label
from nanwatch.spool import Spool

Step = Annotated[int, msgspec.Meta(ge=0, le=MAX_STEP)]
EXPORTED = ["series", "step", "value"]
"""The head of a table that `nanwatch export` wrote; with --attempts it has one more column."""


class _Run(msgspec.Struct):
    """A run as `nanwatch export` writes it; what else is there is passed over."""

    name: str
    state: str = "finished"
    reason: str = ""
    tags: list[str] = []
    config: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    started_at: str | None = None
    ended_at: str | None = None


class _Series(msgspec.Struct):
    name: str
    steps: list[Step]
    values: list[float | str]


class _Exported(msgspec.Struct):
    run: _Run
    series: list[_Series]
    diagnoses: list[dict[str, Any]] = []


@click.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--project", help="Default: $NANWATCH_PROJECT, or default.")
@click.option("--run", "name", help="A name. Default: the one in the file, or the file's own.")
@server_option
def import_(path: Path, project: str | None, name: str | None, server: str | None) -> None:
    """Bring a run from a file to the server, as a new run.

    PATH is a file that `nanwatch export` wrote, as JSON or CSV, or the CSV of Keras' CSVLogger.
    """
    settings = settle(server, project)
    try:
        run, events = _read(path)
        run.name = label("run", name or run.name)
    except (ValueError, UnicodeDecodeError, csv.Error) as error:
        raise RefusedError(f"{path} cannot be read: {error}") from error
    endpoint = find_server(settings)
    spool = Spool(settings.directory / "spool", random_id(), _warn)
    for some in pack([_beginning(run, settings), *events, _end(run)]):
        spool.append(some)
    spool.close(delivered=False)
    report = deliver(spool.directory, endpoint)
    if report.state != "delivered" or report.rejected:
        raise click.ClickException(f"not all could be delivered: {report.why}")
    click.echo(f"{run.name} is at {endpoint.run_page(report.run_id)}")


def _read(path: Path) -> tuple[_Run, list[Event]]:
    """Who the run is, and what it said. Raises ValueError."""
    if path.suffix == ".json":
        return _from_json(path.read_bytes())
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file)) or [[]]
    is_ours = head in (EXPORTED, [*EXPORTED, "attempt"])
    logged = _points(rows, len(head)) if is_ours else _epochs(head, rows)
    return _Run(path.stem), list(gather(logged))


def _from_json(data: bytes) -> tuple[_Run, list[Event]]:
    found = msgspec.json.decode(data, type=_Exported)
    logged = [
        ((series_name(series.name),), step, (_number(value),))
        for series in found.series
        for step, value in zip(series.steps, series.values, strict=True)
    ]
    diagnoses = [Diagnosed(diagnosis_from_json(known)) for known in found.diagnoses]
    return found.run, [*gather(logged), *diagnoses]


def _points(rows: Sequence[Sequence[str]], cells: int) -> Iterator[Logged]:
    """Earlier attempts come first, so a step that goes back is one here, too."""
    for line, row in enumerate(rows, 2):
        if len(row) != cells:
            raise ValueError(f"line {line} has {len(row)} cells, not {cells}")
        name, step, value = row[: len(EXPORTED)]
        yield (name.removeprefix("'"),), _step(step, line), (_number(value),)


def _epochs(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Logged]:
    """What Keras' CSVLogger wrote: a row an epoch."""
    if head[:1] != ["epoch"]:
        raise ValueError("its first line is neither of `nanwatch export` nor of Keras' CSVLogger")
    for line, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise ValueError(f"line {line} has {len(row)} cells, the first line has {len(head)}")
        cells = zip(head, row, strict=True)
        known = {key: value for key, value in cells if value not in ("", "NA")}
        step = _step(known.pop("epoch", ""), line)
        if known:
            names = tuple(series_name(f"epoch/{key}") for key in known)
            yield names, step, tuple(map(_number, known.values()))


def _step(text: str, line: int) -> int:
    try:
        step = int(text)
    except ValueError:
        step = -1
    if not 0 <= step <= MAX_STEP:
        raise ValueError(f"line {line}: {text[:40]!r} is no step")
    return step


def _number(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is no number") from None


def _beginning(run: _Run, settings: ClientSettings) -> RunStarted:
    return RunStarted(
        run.name,
        settings.project,
        tuple(run.tags),
        plain(run.config),
        plain(run.facts),
        _seconds(run.started_at),
    )


def _end(run: _Run) -> RunEnded:
    """How it ended; of one that was going on nobody knows more."""
    states: tuple[EndState, ...] = get_args(EndState)
    known = [state for state in states if state == run.state]
    return RunEnded(known[0] if known else "interrupted", run.reason, _seconds(run.ended_at))


def _seconds(moment: str | None) -> float:
    """Seconds since 1970, 0 where no moment is told."""
    seconds = datetime.fromisoformat(moment).timestamp() if moment else 0.0
    return seconds if math.isfinite(seconds) and seconds > 0.0 else 0.0


def _warn(text: str) -> None:
    click.echo(text, err=True)
