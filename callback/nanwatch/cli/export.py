"""`nanwatch export`: a run's exact points, for other programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import click

from nanwatch.cli.connection import (
    RefusedError,
    fetch,
    fetch_file,
    open_link,
    printable,
    server_option,
)
from nanwatch.cli.reading import RUNS, find_run
from nanwatch.transport import Link

PAGE = 50_000  # the most points that a server gives at once
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Wanted:
    """What is written of a series.

    Attributes:
        attempt: its number; None: at each step the latest attempt.
    """

    name: str
    attempt: int | None = None


@dataclass(frozen=True)
class Series(Wanted):
    """The exact points of one series; a value that is no finite number is "NaN" or the like."""

    steps: list[int] = field(default_factory=list)
    values: list[float | str] = field(default_factory=list)


@click.command()
@click.argument("run")
@click.option(
    "--format", "form", help="csv, json or parquet. Default: by the file's ending, or csv."
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file. Default: standard output.",
)
@click.option("--series", "wanted", multiple=True, help="Only this series; may be repeated.")
@click.option(
    "--attempts",
    is_flag=True,
    help="Also what was logged before a step went back, each point with its attempt's number.",
)
@server_option
def export(
    run: str,
    form: str | None,
    output: Path | None,
    wanted: tuple[str, ...],
    attempts: bool,
    server: str | None,
) -> None:
    """Write a run's exact points, NaN and infinities included, or a report of it.

    RUN is an id, the beginning of one, or a name. CSV and Parquet hold one point a row: series,
    step, value. JSON holds the whole run: what it is, its points, and what was found. HTML is a
    report for people, one file with curves and diagnoses that needs no server.
    """
    form = form or (output.suffix.lstrip(".") if output else "") or "csv"
    if form not in WRITERS:
        raise RefusedError(f"{form!r} cannot be written; choose one of {', '.join(WRITERS)}")
    with open_link(server) as link:
        path = f"{RUNS}/{find_run(link, run)}"
        names = _chosen(fetch(link, f"{path}/series")["series"], wanted)
        parts = _each_attempt(link, path, names) if attempts else [Wanted(name) for name in names]
        try:
            with _opened(output, form == "parquet") as file:
                WRITERS[form](link, path, parts, file)
        except OSError as error:
            if output is None:  # `| head` has read enough
                raise
            raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    if output is not None:
        click.echo(f"{len(names)} series written to {output}", err=True)


def _chosen(there: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> list[str]:
    names = [str(series["name"]) for series in there]
    if missing := [name for name in wanted if name not in names]:
        raise click.ClickException(
            f"the run has no series {printable(missing[0])!r}; `nanwatch show` lists them"
        )
    return [name for name in names if not wanted or name in wanted]


def _each_attempt(link: Link, path: str, names: Sequence[str]) -> list[Wanted]:
    found = []
    for name in names:
        view = fetch(link, f"{path}/overview", {"name": name, "buckets": "1"})
        found += [Wanted(name, int(one["attempt"])) for one in view["attempts"]]
    return found


def _opened(output: Path | None, binary: bool) -> Any:
    if output is None:
        if binary and sys.stdout.isatty():
            raise RefusedError("Parquet is not for a terminal; name a file with --output")
        return click.open_file("-", "wb" if binary else "w")
    return click.open_file(str(output), "wb" if binary else "w", "utf-8", atomic=True)


def read(link: Link, path: str, parts: Sequence[Wanted]) -> Iterator[Series]:
    """The exact points of each part, a page at a time."""
    for part in parts:
        found, cursor = Series(part.name, part.attempt), None
        which = {"name": part.name, "limit": str(PAGE), **_numbered(part)}
        while True:
            page = fetch(link, f"{path}/points", which | ({"cursor": cursor} if cursor else {}))
            found.steps.extend(page["steps"])
            found.values.extend(page["values"])
            cursor = page.get("next")
            if not cursor:
                break
        yield found


def _numbered(part: Wanted) -> dict[str, str]:
    """The attempt as a further field, where it was asked for."""
    return {} if part.attempt is None else {"attempt": str(part.attempt)}


def _columns(parts: Sequence[Wanted]) -> tuple[str, ...]:
    return ("series", "step", "value", *(_numbered(parts[0]) if parts else ()))


def _write_csv(link: Link, path: str, parts: Sequence[Wanted], file: IO[str]) -> None:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(_columns(parts))
    for series in read(link, path, parts):
        name, more = _harmless(series.name), tuple(_numbered(series).values())
        pairs = zip(series.steps, series.values, strict=True)
        rows.writerows((name, step, value, *more) for step, value in pairs)


def _write_json(link: Link, path: str, parts: Sequence[Wanted], file: IO[str]) -> None:
    """The run as it can be brought to another server."""
    whole = {
        "run": fetch(link, path),
        "diagnoses": fetch(link, f"{path}/diagnoses")["diagnoses"],
        "series": [_told(series) for series in read(link, path, parts)],
    }
    json.dump(whole, file, allow_nan=False)
    file.write("\n")


def _told(series: Series) -> dict[str, Any]:
    return {name: value for name, value in vars(series).items() if value is not None}


def _write_parquet(link: Link, path: str, parts: Sequence[Wanted], file: IO[bytes]) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise click.ClickException(
            'Parquet needs pyarrow. Install it with: pip install "nanwatch[parquet]"'
        ) from error
    kinds = (pyarrow.string(), pyarrow.int64(), pyarrow.float64(), pyarrow.int64())
    schema = pyarrow.schema(list(zip(_columns(parts), kinds, strict=False)))
    with parquet.ParquetWriter(file, schema) as writer:
        for series in read(link, path, parts):
            values, rows = [float(value) for value in series.values], len(series.steps)
            columns = [[series.name] * rows, series.steps, values, [series.attempt] * rows]
            writer.write_table(pyarrow.table(columns[: len(schema)], schema=schema))


def _write_html(link: Link, path: str, _parts: Sequence[Wanted], file: IO[str]) -> None:
    """The report that the server makes of the whole run."""
    file.write(fetch_file(link, f"{path}/report").decode())


def _harmless(name: str) -> str:
    """A name that a spreadsheet does not take for a formula."""
    return f"'{name}" if name.startswith(FORMULA) else name


WRITERS: Mapping[str, Callable[[Link, str, Sequence[Wanted], Any], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
    "html": _write_html,
}
