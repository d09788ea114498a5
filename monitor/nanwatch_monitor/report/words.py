"""A run and its diagnoses in words for people. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nanwatch.diagnosis.cause import REPLAY
from nanwatch.events import Cause, Diagnosis, Evidence
from nanwatch.terminal import VERIFIED_WORDS, symptom_words
from nanwatch_monitor.series.overview import Overview

MOST_LISTED = 8
LOSS = "batch/loss"
STANDINGS = {True: "agrees", False: "differs", None: "open"}
_PLACES = ("layer", "variable", "input", "output", "rows", "samples", "columns", "source_line")


def sentence(diagnosis: Diagnosis) -> str:
    """What happened: `The gradient is not finite at step 4,120`."""
    words = symptom_words(diagnosis)
    place = "" if diagnosis.first_step is None else f" at step {diagnosis.first_step:,}"
    return f"{words[0].upper()}{words[1:]}{place}"


def where(cause: Cause) -> list[tuple[str, str]]:
    """Where a cause strikes. Epochs are counted from 1, as Keras prints them."""
    given = cause.where
    batch = [f"epoch {given['epoch'] + 1:,}"] if isinstance(given.get("epoch"), int) else []
    batch += [f"batch {given['batch']:,}"] if isinstance(given.get("batch"), int) else []
    pairs = [(name.replace("_", " "), listed(given[name])) for name in _PLACES if given.get(name)]
    return [*([("batch", ", ".join(batch))] if batch else []), *pairs]


def listed(value: Any) -> str:
    """One value, or the first few of many."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return str(value)
    rest = len(value) - MOST_LISTED
    shown = ", ".join(str(item) for item in value[:MOST_LISTED])
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def checks(cause: Cause) -> list[tuple[str, Evidence]]:
    """The evidence, each with how it stands; what a replay showed is told elsewhere."""
    return [(STANDINGS[item.healthy], item) for item in cause.evidence if item.check != REPLAY]


def tried(cause: Cause) -> str:
    """What became of the fix in a replay, or that there was none."""
    told = next((item.seen for item in cause.evidence if item.check == REPLAY), "")
    words = VERIFIED_WORDS[cause.verified]
    return f"{words}: {told}" if told else words


def change(code: str) -> list[tuple[str, str]]:
    """The lines of a fix, each with whether it goes or comes."""
    kinds = {"-": "del", "+": "add"}
    return [(kinds.get(line[:1], ""), line) for line in code.splitlines()]


def facts(run: Mapping[str, Any], last_finite: float | None) -> list[tuple[str, str]]:
    """The head of the report: what one wants to know first."""
    told = run.get("facts", {})
    pairs = [
        ("Started", moment(run["started_at"])),
        ("Took", _duration(run["started_at"], run["ended_at"] or run["updated_at"])),
        ("Steps", "" if run["last_step"] is None else f"{run['last_step'] + 1:,}"),
        ("Last finite loss", number(last_finite)),
        ("Best val_loss", number(run["best_val_loss"])),
        ("Optimizer", _optimizer(told.get("optimizer"))),
        ("Loss", _losses(told.get("loss"))),
        ("Precision", str(told.get("policy") or "")),
        ("Batch size", str(told.get("batch_size") or "")),
        ("Parameters", _count((told.get("model") or {}).get("parameters"))),
    ]
    return [(name, value) for name, value in pairs if value]


def summary(curves: Mapping[str, Overview]) -> list[tuple[str, str, str, str, str]]:
    """Each series in numbers: name, points, least, greatest, how many are not finite."""
    return [
        (
            name,
            f"{int(curve.n.sum()):,}",
            number(_reach(curve.low, min)),
            number(_reach(curve.high, max)),
            f"{int(curve.n_nonfinite.sum()):,}",
        )
        for name, curve in curves.items()
    ]


def number(value: float | str | None) -> str:
    """A measured value with four digits, nothing for none."""
    if value is None:
        return ""
    found = float(value)
    return f"{found:.4g}" if math.isfinite(found) else str(found).replace("nan", "NaN")


def moment(text: str | None) -> str:
    """ISO 8601 as date and time in UTC."""
    return "" if text is None else f"{datetime.fromisoformat(text):%d %b %Y, %H:%M} UTC"


def _duration(begin: str, end: str | None) -> str:
    if end is None:
        return ""
    seconds = round((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds())
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _reach(ends: Iterable[float], furthest: Any) -> float | None:
    finite = [float(end) for end in ends if math.isfinite(end)]
    return furthest(finite) if finite else None


def _optimizer(told: Any) -> str:
    if not isinstance(told, Mapping):
        return ""
    rate = told.get("learning_rate")
    name = str(told.get("class") or "")
    return f"{name}, {number(rate)}" if isinstance(rate, int | float) else name


def _losses(told: Any) -> str:
    items = told if isinstance(told, list) else []
    return ", ".join(
        str(item["class"]) for item in items if isinstance(item, Mapping) and "class" in item
    )


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else ""
