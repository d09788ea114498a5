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
    return list(getattr(type(thing), "__slots__", None) or vars(thing))


def _plain(value: Any, kinds: Kinds) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    kind = type(value).__name__
    if isinstance(value, dict):
        items: Any = [item for pair in value.items() for item in pair]
    elif isinstance(value, deque):
        items = [value.maxlen, *value]
    elif kind in _CONTAINERS:
        items = sorted(value) if kind == "set" else value  # the same bytes for the same set
    elif kind in kinds:
        items = [getattr(value, name) for name in _attributes(value)]
    else:
        raise TypeError(f"{kind} is not among what is remembered")
    return [kind, *(_plain(item, kinds) for item in items)]


def _alive(plain: Any, kinds: Kinds) -> Any:
    if not isinstance(plain, list):
        return plain
    kind, *items = plain
    items = [_alive(item, kinds) for item in items]
    if kind == "dict":
        return dict(zip(items[::2], items[1::2], strict=True))
    if kind == "deque":
        return deque(items[1:], maxlen=items[0])
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](items)
    thing = kinds[kind]()
    for name, value in zip(_attributes(thing), items, strict=True):
        setattr(thing, name, value)
    return thing
