"""Commands that read: runs, show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from nanwatch import terminal
from nanwatch.bundle.archive import is_archive
from nanwatch.cli.bundles import show_bundle
from nanwatch.cli.connection import (
    RefusedError,
    fetch,
    fetch_all,
    json_option,
    open_link,
    printable,
    server_option,
    write_json,
    write_listing,
    write_table,
)
from nanwatch.events import diagnosis_from_json, one_spelling
from nanwatch.step_times import TIME
from nanwatch.transport import Link

RUNS = "/api/v1/runs"
STATES = ("running", "finished", "failed", "interrupted", "stale", "lost", "hung")
COLUMNS = {
    "name": "name",
    "id": "id",
    "project": "project",
    "state": "state",
    "health": "health",
    "step": "last_step",
    "loss": "last_loss",
    "started": "started_at",
}


@click.command()
@click.option("--project", help="Only this project.")
@click.option("--state", type=click.Choice(STATES), help="Only runs in this state.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@server_option
@json_option
def runs(
    project: str | None, state: str | None, limit: int, server: str | None, as_json: bool
) -> None:
    """List the runs, the latest first."""
    asked = {"project": project, "state": state}
    write_listing(server, RUNS, "runs", limit, asked, as_json, COLUMNS)


@click.command()
@click.argument("run")
@server_option
@json_option
def show(run: str, server: str | None, as_json: bool) -> None:
    """Show one run: its state, its series, what was found.

    RUN is an id, the beginning of one, or a name. Or it is a file that `watch.save_bundle` wrote:
    then the failing step in it is shown.
    """
    if is_archive(Path(run)):
        show_bundle(Path(run), as_json)
        return
    with open_link(server) as link:
        run_id = find_run(link, run)
        path = f"{RUNS}/{run_id}"
        found = {**fetch(link, path), "url": link.endpoint.run_page(run_id)}
        series = fetch(link, f"{path}/series")["series"]
        diagnoses = fetch(link, f"{path}/diagnoses")["diagnoses"]
    if as_json:
        write_json({"run": found, "series": series, "diagnoses": diagnoses})
        return
    _write_run(found)
    keys = ("name", "n", "min", "max", "last", "n_nan", "n_pinf", "n_ninf")
    heads = ("series", "points", "min", "max", "last", "NaN", "+Inf", "-Inf")
    curves = [line for line in series if line["name"] != TIME]  # `started` and `ended` say it
    write_table("Series", heads, [[line.get(key) for key in keys] for line in curves])
    for diagnosis in diagnoses:
        click.echo(words_of(diagnosis))


def find_run(link: Link, wanted: str) -> str:
    """The id of the run that an id, the beginning of one, or a name means.

    Of several runs of that name it is the latest, and that is said.
    """
    wanted = one_spelling(wanted)
    named: list[Mapping[str, Any]] = []
    fitting: list[Mapping[str, Any]] = []
    for run in fetch_all(link, RUNS, "runs", limit=None):
        if run["id"] == wanted:
            return wanted
        if run["name"] == wanted:
            named.append(run)
        elif run["id"].startswith(wanted):
            fitting.append(run)
    if len(named) > 1:
        click.echo(f"the latest of {len(named)} runs of this name", err=True)
    found = named or fitting
    if named or len(fitting) == 1:
        return str(found[0]["id"])
    if not fitting:
        raise click.ClickException(f"there is no run {wanted!r}; `nanwatch runs` lists them")
    choices = ", ".join(f"{run['id']} ({printable(run['name'])})" for run in fitting[:8])
    raise RefusedError(f"{wanted!r} may mean any of {len(fitting)} runs: {choices}. Use an id.")


def _write_run(run: Mapping[str, Any]) -> None:
    labels = {
        "project": "project",
        "state": "state",
        "reason": "reason",
        "health": "health",
        "started_at": "started",
        "ended_at": "ended",
        "last_step": "last step",
        "last_loss": "last loss",
        "best_val_loss": "best validation loss",
        "url": "page",
    }
    click.secho(f"{printable(run['name'])}  {run['id']}", bold=True)
    for key, words in labels.items():
        if run.get(key) not in (None, ""):
            click.echo(f"  {words:<21} {printable(run[key])}")
    if run.get("tags"):
        click.echo(f"  {'tags':<21} {printable(', '.join(run['tags']))}")
    for key, value in (run.get("config") or {}).items():
        click.echo(f"  {'config ' + printable(key):<21} {printable(value)}")


def words_of(diagnosis: Mapping[str, Any]) -> str:
    """A diagnosis as the terminal tells it."""
    try:
        return terminal.render(diagnosis_from_json(diagnosis))
    except msgspec.ValidationError:
        return f"{diagnosis.get('symptom')} (written by a newer version; see --json)"
