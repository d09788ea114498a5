"""Which line of the user's own code is being run: the innermost one outside of all libraries."""

from __future__ import annotations

import functools
import linecache
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import keras


class CodeLine(NamedTuple):
    """A line of code.

    Attributes:
        place: "file.py:12", or "" when there is none.
        text: the line's text, "" when it is not known.
    """

    place: str = ""
    text: str = ""


def running_line(frame: FrameType | None, bounds: frozenset[str]) -> CodeLine:
    """The innermost line of the user's own code that led to `frame`.

    Args:
        bounds: files beyond whose code it is not looked for.
    """
    for inner in _outwards(frame, bounds):
        if is_own(inner.f_code.co_filename):
            return line_at(inner.f_code.co_filename, inner.f_lineno)
    return CodeLine()


def line_at(filename: str, number: int) -> CodeLine:
    """A line by its place; what was typed in a notebook or at a prompt is known as well."""
    return CodeLine(f"{Path(filename).name}:{number}", linecache.getline(filename, number).strip())


@functools.lru_cache(maxsize=4096)
def is_own(filename: str) -> bool:
    """Whether code of this file is the user's: not Python's, nor of an installed package."""
    return not filename.startswith(("<frozen", "<__array_function__", *_libraries()))


@functools.cache
def _libraries() -> tuple[str, ...]:
    installed = {sysconfig.get_paths()[kind] for kind in ("stdlib", "purelib", "platlib")}
    framework = Path(str(keras.__file__)).parent
    folders = {framework, framework.with_name("tensorflow"), Path(__file__).parents[1]}
    return tuple(f"{folder}/" for folder in sorted(installed | set(map(str, folders))))


def _outwards(frame: FrameType | None, bounds: frozenset[str]) -> Iterator[FrameType]:
    while frame is not None and frame.f_code.co_filename not in bounds:
        yield frame
        frame = frame.f_back
