"""What the benchmarks of the diagnosis share: the programs asked for, and a line of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diagnosis.gallery.catalog import PROGRAMS
from diagnosis.gallery.register import Program


def chosen(words: Sequence[str]) -> list[Program]:
    """The programs or families of the gallery that were asked for, else all."""
    return [p for p in PROGRAMS.values() if not words or {p.name, p.family} & set(words)]


def share(name: str, hits: Iterable[bool], bar: str) -> str:
    """One line of a table of hits."""
    hits = list(hits)
    percent = 100 * sum(hits) / len(hits) if hits else 100.0
    return f"{name:<46} {sum(hits):>4} / {len(hits):<4} {percent:6.1f} %   bar {bar}"
