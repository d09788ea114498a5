"""Makes anything a user passes fit to travel: plain values, bounded, readable.

A configuration may hold paths, arrays, classes or itself. None of that may stop a training, and
the other side accepts plain values only (see wire.py), so what has no plain form travels as text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Set
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
import numpy as np

from nanwatch.events import MAX_NAME

MAX_TEXT = 20_000
MAX_ERROR = 400
MAX_ITEMS = 1_000
MAX_DEPTH = 12  # some way under the wire's limit, because an event wraps these values

_AnyEvent = TypeVar("_AnyEvent")


def plain(value: Any, inside: tuple[int, ...] = ()) -> Any:
    """The same value made of dicts with text keys, lists, text, numbers, booleans and None.

    Args:
        inside: the identities of the containers that hold the value.
    """
    if isinstance(value, np.generic):  # before float: numpy.float64 is one, but not a plain one
        return plain(value.item(), inside) if value.dtype.kind in "biufU" else text(repr(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else text(str(value))
    if len(inside) >= MAX_DEPTH or id(value) in inside:  # it may hold itself, many times over
        return text(_repr(value))
    try:
        return _plain_container(value, (*inside, id(value)))
    except Exception:  # noqa: BLE001 - a user's own container may raise anything, also by design
        return text(_repr(value))


def _plain_container(value: Any, inside: tuple[int, ...]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in dataclasses.fields(value))
        return {name: plain(getattr(value, name), inside) for name in names}
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MAX_ITEMS]
        return {text(str(key)): plain(item, inside) for key, item in pairs}
    if isinstance(value, np.ndarray) and value.size <= MAX_ITEMS:
        return plain(value.tolist(), inside)
    if isinstance(value, list | tuple | Set):
        return [plain(item, inside) for item in list(value)[:MAX_ITEMS]]
    return text(_repr(value))


def plain_event(event: _AnyEvent, passed: Callable[[Any], Any] = lambda value: value) -> _AnyEvent:
    """The same event with plain values only. Raises msgspec.ValidationError when a limit breaks.

    Args:
        passed: what is left of the plain values when secrets are taken out.
    """
    return msgspec.convert(passed(plain(event)), type(event))


_NOISE = ("File ", "Detected at", "Stack trace", "<stack traces", "Traceback", "[[", "[Op:")


def error_text(error: BaseException) -> str:
    """What an exception says, in one line: TensorFlow writes whole tracebacks into its messages."""
    lines = [line.strip() for line in words_of(error).splitlines()]
    said = [line for line in lines if line and not line.startswith(_NOISE)]
    words = " ".join(dict.fromkeys((*said[:1], *said[-1:])))
    return text(f"{type(error).__name__}: {words}")[:MAX_ERROR]


def words_of(error: BaseException) -> str:
    """What an exception says; an exception of the user's own may raise another one when asked."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - see above
        return "(it cannot say what)"


def text(value: str) -> str:
    """Text that UTF-8, JSON and every database can keep, of a bounded length."""
    value = str.__str__(value)  # a user's own kind of text may raise in str()
    shortened = value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}... (shortened)"
    return shortened.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def series_name(value: str) -> str:
    """A series' name that the wire accepts: no control characters, at most 256 bytes."""
    name = str(value)
    return _known_name(name) if len(name) <= MAX_NAME else _cleaned_name(name)


def _cleaned_name(name: str) -> str:
    cleaned = "".join(char if ord(char) >= 32 else "\ufffd" for char in text(name))
    return cleaned.encode()[:MAX_NAME].decode("utf-8", "ignore") or "unnamed"


_known_name = lru_cache(maxsize=4096)(_cleaned_name)  # the same few come again with every block


def _repr(value: Any) -> str:
    try:
        return repr(value)[:MAX_TEXT]
    except Exception:  # noqa: BLE001 - a user's own __repr__ may raise anything, and is only a label
        return f"<{type(value).__name__}>"
