"""Replace attributes for the length of a block, always undone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Patch = tuple[Any, str, Callable[[Any], Any]]
_MISSING = object()


@contextlib.contextmanager
def patched(patches: Iterable[Patch]) -> Iterator[None]:
    """Replace `(owner, name, make)` by `make(what stands there)`.

    Instances are written past their own `__setattr__`, because Keras tracks what it sees there
    and would save it with the model.
    """
    undo: list[tuple[Any, str, Any]] = []
    try:
        for owner, name, make in patches:
            undo.append((owner, name, vars(owner).get(name, _MISSING)))
            _set(owner, name, make(getattr(owner, name)))
        yield
    finally:
        for owner, name, old in reversed(undo):
            _delete(owner, name) if old is _MISSING else _set(owner, name, old)


def always(value: Any) -> Callable[[Any], Any]:
    """For a patch: this value, whatever stands there."""
    return lambda _: value


def _set(owner: Any, name: str, value: Any) -> None:
    (type.__setattr__ if isinstance(owner, type) else object.__setattr__)(owner, name, value)


def _delete(owner: Any, name: str) -> None:
    (type.__delattr__ if isinstance(owner, type) else object.__delattr__)(owner, name)
