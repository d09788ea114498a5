"""`nanwatch export`: a run's exact points, for other programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
class Series:
    """The exact points of one series; a value that is no finite number is "NaN" or the like."""

    name: str
    steps: list[int]
    values: list[float | str]


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
@server_option
def export(
    run: str, form: str | None, output: Path | None, wanted: tuple[str, ...], server: str | None
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
        try:
            with _opened(output, form == "parquet") as file:
                WRITERS[form](link, path, names, file)
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


def _opened(output: Path | None, binary: bool) -> Any:
    if output is None:
        if binary and sys.stdout.isatty():
            raise RefusedError("Parquet is not for a terminal; name a file with --output")
        return click.open_file("-", "wb" if binary else "w")
    return click.open_file(str(output), "wb" if binary else "w", "utf-8", atomic=True)


def read(link: Link, path: str, names: Sequence[str]) -> Iterator[Series]:
    """The exact points of each series, a page at a time."""
    for name in names:
        found, cursor = Series(name, [], []), None
        while True:
            asked = {"name": name, "limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
            page = fetch(link, f"{path}/points", asked)
            found.steps.extend(page["steps"])
            found.values.extend(page["values"])
            cursor = page.get("next")
            if not cursor:
                break
        yield found


def _write_csv(link: Link, path: str, names: Sequence[str], file: IO[str]) -> None:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(("series", "step", "value"))
    for series in read(link, path, names):
        name = _harmless(series.name)
        pairs = zip(series.steps, series.values, strict=True)
        rows.writerows((name, step, value) for step, value in pairs)


def _write_json(link: Link, path: str, names: Sequence[str], file: IO[str]) -> None:
    """The run as it can be brought to another server."""
    whole = {
        "run": fetch(link, path),
        "diagnoses": fetch(link, f"{path}/diagnoses")["diagnoses"],
        "series": [vars(series) for series in read(link, path, names)],
    }
    json.dump(whole, file, allow_nan=False)
    file.write("\n")


def _write_parquet(link: Link, path: str, names: Sequence[str], file: IO[bytes]) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise click.ClickException(
            'Parquet needs pyarrow. Install it with: pip install "nanwatch[parquet]"'
        ) from error
    kinds = (("series", pyarrow.string()), ("step", pyarrow.int64()), ("value", pyarrow.float64()))
    schema = pyarrow.schema(kinds)
    with parquet.ParquetWriter(file, schema) as writer:
        for series in read(link, path, names):
            values = [float(value) for value in series.values]
            columns = [[series.name] * len(values), series.steps, values]
            writer.write_table(pyarrow.table(columns, schema=schema))


def _write_html(link: Link, path: str, _names: Sequence[str], file: IO[str]) -> None:
    """The report that the server makes of the whole run."""
    file.write(fetch_file(link, f"{path}/report").decode())


def _harmless(name: str) -> str:
    """A name that a spreadsheet does not take for a formula."""
    return f"'{name}" if name.startswith(FORMULA) else name


WRITERS: Mapping[str, Callable[[Link, str, Sequence[str], Any], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
    "html": _write_html,
}
