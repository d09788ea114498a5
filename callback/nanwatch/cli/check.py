"""`nanwatch check SCRIPT`: what would go wrong in a training script, without training."""

from __future__ import annotations

import contextlib
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from nanwatch import terminal
from nanwatch.cli.connection import printable, write_json
from nanwatch.events import Diagnosis, to_json
from nanwatch.scripts import CheckedFit, Report, check_script


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def check(script: Path, arguments: tuple[str, ...], as_json: bool) -> None:
    """Say what would go wrong in a training SCRIPT, without training.

    The script is run with its ARGUMENTS, but each model.fit only looks at the model and the data
    that it is given, and at a single step. Exit code 1: a warning or worse was found.
    """
    with contextlib.redirect_stdout(sys.stderr):  # what the script prints is no finding
        report = check_script(script, arguments)
    if as_json:
        write_json(_plain(report))
    else:
        _write(report)
    if not report.fits:
        raise click.ClickException(_no_fit(script, report))
    if any(_is_bad(fit) for fit in report.fits):
        raise SystemExit(1)


def _write(report: Report) -> None:
    for fit in report.fits:
        click.secho(f"{fit.place}  fit of {printable(fit.model)}", bold=True)
        if fit.diagnoses is None:
            click.echo(f"  could not be checked: {printable(fit.problem)}\n")
        for found in fit.diagnoses or ():
            click.echo(terminal.foreseen(found))
        if fit.diagnoses == ():
            click.echo("  nothing was found\n")
    if report.fits and report.error is not None:
        name = type(report.error).__name__
        click.echo(
            f"After the last fit the script raised {name}, as untrained models may.", err=True
        )


def _plain(report: Report) -> dict[str, Any]:
    return {
        "fits": [
            {
                "place": fit.place,
                "model": fit.model,
                "problem": fit.problem,
                "diagnoses": to_json(list(fit.diagnoses or ())),
            }
            for fit in report.fits
        ],
        "error": None if report.error is None else repr(report.error),
    }


def _no_fit(script: Path, report: Report) -> str:
    if report.error is None:
        return f"{script} came to its end without a call of model.fit."
    return f"{script} failed before it came to a model.fit:\n{_told(report.error)}"


def _told(error: BaseException) -> str:
    """The last lines that were run, and what was raised; of a slip in the syntax, where it is."""
    run = [] if isinstance(error, SyntaxError) else traceback.format_tb(error.__traceback__)[-2:]
    return "".join([*run, *traceback.format_exception_only(error)]).rstrip()


def _is_bad(fit: CheckedFit) -> bool:
    return fit.diagnoses is None or any(_is_alarming(found) for found in fit.diagnoses)


def _is_alarming(found: Diagnosis) -> bool:
    return found.severity != "info"
