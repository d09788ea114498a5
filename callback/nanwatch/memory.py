"""What an object remembers, as bytes that an object of the same kinds reads back. Pure.

Only kinds that are named beforehand are written and made, so bytes from elsewhere can make nothing
else. Every kind is known by its attributes: when one of them has changed, old bytes are refused.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Kinds = Mapping[str, Callable[[], Any]]
"""For each class name what makes a new object, to be filled with what was remembered."""

_CONTAINERS: dict[str, type[Any]] = {"list": list, "tuple": tuple, "set": set}
_VALUES = frozenset({type(None), bool, int, float, str})
_ROWS, _MANY = "rows", 4
"""What marks rows that are written column by column, and from how many rows on they are."""


class ForgottenError(ValueError):
    """Bytes that another version wrote, or that are damaged."""


def freeze(thing: Any, kinds: Kinds) -> bytes:
    """The bytes of an object. Raises TypeError for what is of no known kind."""
    return msgspec.msgpack.encode((_signature(kinds), _plain(thing, kinds)))


def thaw(data: bytes, kinds: Kinds) -> Any:
    """The object again. Raises ForgottenError."""
    try:
        signature, plain = msgspec.msgpack.decode(data, type=tuple[int, Any])
    except msgspec.DecodeError as error:
        raise ForgottenError(str(error)) from error
    if signature != _signature(kinds):
        raise ForgottenError("another version remembered this")
    return _alive(plain, kinds)


def _signature(kinds: Kinds) -> int:
    known = [(name, _attributes(make())) for name, make in sorted(kinds.items())]
    return zlib.crc32(repr(known).encode())


def _attributes(thing: Any) -> list[str]:
    kind = type(thing)
    return list(getattr(kind, "_fields", None) or getattr(kind, "__slots__", None) or vars(thing))


def _plain(value: Any, kinds: Kinds) -> Any:
    if type(value) in _VALUES:
        return value
    kind = type(value).__name__
    if kind in kinds:
        items: Any = [getattr(value, name) for name in _attributes(value)]
    elif isinstance(value, dict):
        items = [item for pair in value.items() for item in pair]
    elif isinstance(value, deque):
        items = [value.maxlen, *_columns(list(value), kinds)]
    elif kind in _CONTAINERS:
        items = sorted(value) if kind == "set" else value  # the same bytes for the same set
        items = _columns(items, kinds) if kind == "list" else items
    else:
        raise TypeError(f"{kind} is not among what is remembered")
    if _VALUES.issuperset(map(type, items)):  # as nearly always: nothing to look into
        return [kind, *items]
    return [kind, *(item if type(item) is _Columns else _plain(item, kinds) for item in items)]


class _Columns(list[Any]):
    """Many rows of a kind, column by column: the name of the kind, then lists of plain values."""


def _columns(rows: list[Any], kinds: Kinds) -> list[Any]:
    """The same as one item, when all are tuples of one kind and length, of plain values."""
    kind = type(rows[0]) if len(rows) >= _MANY else None
    named = kind is not None and (
        kind is tuple or (kind.__name__ in kinds and issubclass(kind, tuple))
    )
    if not named or set(map(type, rows)) != {kind} or len(set(map(len, rows))) > 1:
        return rows
    columns = [list(column) for column in zip(*rows, strict=True)]
    if not columns or not all(_VALUES.issuperset(map(type, column)) for column in columns):
        return rows
    return [_Columns([_ROWS, kind.__name__, *columns])] if kind is not None else rows


def _alive(plain: Any, kinds: Kinds) -> Any:
    if not isinstance(plain, list):
        return plain
    kind, *items = plain
    if items and isinstance(items[-1], list) and items[-1][0] == _ROWS:
        items = [*items[:-1], *_rows(items[-1], kinds)]
    else:
        items = [_alive(item, kinds) for item in items]
    if kind == "dict":
        return dict(zip(items[::2], items[1::2], strict=True))
    if kind == "deque":
        return deque(items[1:], maxlen=items[0])
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](items)
    return _filled(kinds[kind](), items)


def _rows(plain: list[Any], kinds: Kinds) -> list[Any]:
    _, kind, *columns = plain
    rows = zip(*columns, strict=True)
    return list(rows) if kind == "tuple" else [kinds[kind]()._make(row) for row in rows]


def _filled(thing: Any, items: list[Any]) -> Any:
    if isinstance(thing, tuple):
        return thing._make(items)  # type: ignore[attr-defined]
    for name, value in zip(_attributes(thing), items, strict=True):
        setattr(thing, name, value)
    return thing
