"""`nanwatch show BUNDLE`: what a kept failing step holds. Needs neither server nor Keras."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click
import msgspec

from nanwatch import terminal
from nanwatch.bundle.errors import BundleError
from nanwatch.bundle.reader import ArrayFacts, Bundle, load_bundle
from nanwatch.cli.connection import printable, write_json, write_table
from nanwatch.events import to_json
from nanwatch.recorder.memory import size_text

HEADS = ("array", "shape", "type", "NaN", "Inf", "size")


def show_bundle(path: Path, as_json: bool) -> None:
    """Write what a bundle holds. Raises ClickException when it is none."""
    try:
        bundle = load_bundle(path)
    except BundleError as error:
        raise click.ClickException(printable(error)) from error
    arrays = list(bundle.contents())
    if as_json:
        told = msgspec.to_builtins(bundle.manifest)
        write_json({"bundle": to_json(told), "arrays": list(map(dataclasses.asdict, arrays))})
        return
    _write_head(path, bundle)
    click.echo(printable_lines(terminal.render(bundle.diagnosis)))
    write_table("Arrays", HEADS, [_row(array) for array in arrays])
    click.echo(f"\nOpen it in Python: bundle = nanwatch.load_bundle({str(path)!r})")
    click.echo("                   bundle.model().train_on_batch(*bundle.batch)")


def printable_lines(text: str) -> str:
    """Lines from elsewhere, without what could steer a terminal."""
    return "\n".join(map(printable, text.splitlines())) + "\n"


def _write_head(path: Path, bundle: Bundle) -> None:
    manifest = bundle.manifest
    click.secho(f"{printable(path.name)}  the failing step of a training", bold=True)
    facts = {
        "step": manifest.step,
        "loss": manifest.points.get("batch/loss", ""),
        "model": _state(bundle),
        "versions": ", ".join(f"{name} {version}" for name, version in _versions(bundle)),
        "lacks": "; ".join(manifest.notes),
    }
    for name, value in facts.items():
        if value != "":
            click.echo(f"  {name:<9} {printable(value)}")
    click.echo()


def _state(bundle: Bundle) -> str:
    manifest = bundle.manifest
    if manifest.state_step is None:
        return "no state kept"
    lead = manifest.step - manifest.state_step
    after = f", {lead} batches before it" if lead else ""
    return f"weights, optimizer and seeds before step {manifest.state_step}{after}"


def _versions(bundle: Bundle) -> list[tuple[str, str]]:
    return [item for item in bundle.manifest.versions.items() if item[0] != "backend"]


def _row(array: ArrayFacts) -> tuple[object, ...]:
    shape = " × ".join(map(str, array.shape)) or "one number"
    size = size_text(array.nbytes)
    return array.name, shape, array.dtype, array.n_nan, array.n_inf, size
