"""`nanwatch tail`: follow a run in the terminal."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from nanwatch.cli.connection import fetch, open_link, printable, server_option
from nanwatch.cli.reading import RUNS, find_run, words_of
from nanwatch.cli.sketch import curve
from nanwatch.transport import Link

PACE_S = 1.0
HEIGHT = 8
WIDTH = 100
ENDED = ("finished", "failed", "interrupted", "lost")
LOSSES = ("batch/loss", "epoch/loss")
STYLES = {"critical": "bold red", "warning": "yellow", "ok": "green"}


@dataclass(frozen=True)
class Sight:
    """What there is to see of a run.

    Attributes:
        loss: the loss in as many values as the terminal is wide; NaN where one was not finite.
    """

    run: Mapping[str, Any]
    series: str
    loss: Sequence[float]
    diagnoses: Sequence[Mapping[str, Any]]


@click.command()
@click.argument("run")
@server_option
def tail(run: str, server: str | None) -> None:
    """Follow a run until it ends: its loss as a small curve, and what is found.

    RUN is an id, the beginning of one, or a name. When the output is piped, a line is written
    each time that the run has moved.
    """
    with open_link(server) as link, contextlib.suppress(KeyboardInterrupt):
        path = f"{RUNS}/{find_run(link, run)}"
        if sys.stdout.isatty():
            _draw(link, path)
        else:
            _list(link, path)


def look(link: Link, path: str, buckets: int) -> Sight:
    """See how a run is doing."""
    run = fetch(link, path)
    there = [series["name"] for series in fetch(link, f"{path}/series")["series"]]
    name = next((loss for loss in LOSSES if loss in there), "")
    asked = {"name": name, "buckets": str(buckets)}
    found = fetch(link, f"{path}/overview", asked) if name else {"mean": [], "n_nonfinite": []}
    pairs = zip(found["mean"], found["n_nonfinite"], strict=True)
    loss = [float("nan") if odd or mean is None else float(mean) for mean, odd in pairs]
    return Sight(run, name, loss, fetch(link, f"{path}/diagnoses")["diagnoses"])


def _draw(link: Link, path: str) -> None:
    width = min(WIDTH, shutil.get_terminal_size().columns)
    with Live(console=Console(), auto_refresh=False) as live:
        while True:
            sight = look(link, path, width)
            live.update(_picture(sight), refresh=True)
            if sight.run["state"] in ENDED:
                return
            time.sleep(PACE_S)


def _picture(sight: Sight) -> Group:
    health = str(sight.run["health"])
    head = Text(f"{printable(sight.run['name'])}  ", style="bold")
    head.append(health, STYLES.get(health, ""))
    rail, *lines = curve(sight.loss, HEIGHT)
    parts = [head, Text(_line(sight.run)), Text(rail, style="bold red"), Text("\n".join(lines))]
    return Group(*parts, *(Text(words_of(found)) for found in sight.diagnoses))


def _list(link: Link, path: str) -> None:
    """A line for each move, and each diagnosis once."""
    told, last = 0, ""
    while True:
        sight = look(link, path, 1)
        if (line := _line(sight.run)) != last:
            click.echo(line)
        for found in sight.diagnoses[told:]:
            click.echo(words_of(found))
        told, last = len(sight.diagnoses), line
        if sight.run["state"] in ENDED:
            return
        time.sleep(PACE_S)


def _line(run: Mapping[str, Any]) -> str:
    parts = [str(run["state"])]
    for key, words in (("last_step", "step"), ("last_loss", "loss"), ("best_val_loss", "best val")):
        if run.get(key) is not None:
            value = run[key]
            parts.append(f"{words} {value:.6g}" if isinstance(value, float) else f"{words} {value}")
    return "  ".join(parts)
