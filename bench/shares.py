"""What the benchmarks of the diagnosis share: the programs asked for, and a line of a table."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from diagnosis.gallery.catalog import PROGRAMS
from diagnosis.gallery.register import Program

Found = TypeVar("Found")


def chosen(words: Sequence[str]) -> list[Program]:
    """The programs or families of the gallery that were asked for, else all."""
    return [p for p in PROGRAMS.values() if not words or {p.name, p.family} & set(words)]


def of_each(
    programs: Iterable[Program],
    look: Callable[[Program], Found],
    mark: Callable[[Found], str] = lambda _: ".",
) -> list[Found]:
    """What `look` finds of every program, in a data folder that is gone afterwards.

    Args:
        mark: what is printed when a program is done.
    """
    warnings.simplefilter("ignore")
    found = list[Found]()
    with tempfile.TemporaryDirectory() as home:
        os.environ["NANWATCH_DIR"] = home
        for program in programs:
            found.append(look(program))
            print(mark(found[-1]), end="", flush=True)
    return found


def share(name: str, hits: Iterable[bool], bar: str) -> str:
    """One line of a table of hits."""
    hits = list(hits)
    percent = 100 * sum(hits) / len(hits) if hits else 100.0
    return f"{name:<46} {sum(hits):>4} / {len(hits):<4} {percent:6.1f} %   bar {bar}"
