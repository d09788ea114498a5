"""One run as one file: its curves and what was found, to be read without a server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from nanwatch.diagnosis import CAUSES
from nanwatch.events import Diagnosis
from nanwatch_monitor.report import words
from nanwatch_monitor.report.figures import HIDDEN, figures
from nanwatch_monitor.series.overview import Overview

PLOTLY = ("static", "vendor", "plotly.min.js")


@dataclass(frozen=True)
class Contents:
    """What a report tells.

    Attributes:
        run: the run as the API gives it, with configuration and facts.
        diagnoses: the worst first.
        curves: an overview of each series, by name, in order of appearance.
        last_finite: the last loss that was finite, exactly.
        made_at: when, in words.
    """

    run: Mapping[str, Any]
    diagnoses: Sequence[Diagnosis]
    curves: Mapping[str, Overview]
    last_finite: float | None
    made_at: str


def report(contents: Contents) -> str:
    """The whole file, HTML that loads nothing from anywhere."""
    shown = {name: curve for name, curve in contents.curves.items() if name not in HIDDEN}
    drawn = figures(shown)
    template = _environment().get_template("report.html")
    return template.render(
        run=contents.run,
        words=words,
        facts=words.facts(contents.run, contents.last_finite),
        described=_flat(contents.run.get("facts", {})),
        config=_flat(contents.run.get("config", {})),
        series=words.summary(shown),
        diagnoses=contents.diagnoses,
        titles={label: page.title for label, page in CAUSES.items()},
        charts=drawn,
        # In a script element only this sign can end the script.
        figures=Markup(json.dumps([figure.plot for figure in drawn]).replace("<", "\\u003c")),  # noqa: S704
        plotly=Markup(_plotly()),  # noqa: S704 - our own pinned file
        made_at=contents.made_at,
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("nanwatch_monitor", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _plotly() -> str:
    return files("nanwatch_web").joinpath(*PLOTLY).read_text("utf-8")


def _flat(value: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Nested values as one list of lines: `optimizer.learning_rate`, 0.01."""
    lines: list[tuple[str, str]] = []
    for key, item in value.items():
        name = f"{before}{key}"
        if isinstance(item, Mapping):
            lines += _flat(item, f"{name}.")
        else:
            lines.append((name, str(item)))
    return lines
