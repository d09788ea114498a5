"""Blocks of points that are put together: to look at many costs little more than to look at few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import filterfalse, groupby
from typing import NamedTuple

import numpy as np

from nanwatch.events import Event, Points
from nanwatch.tracks import is_watched


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """What a watcher is to be fed: neighbouring blocks of the same watched series come as one.

    Blocks of epochs stay apart: what they say counts from the moment at which they were said.
    Blocks of what is only drawn are left out, so that they don't stand between the others.
    """
    for names, same in groupby(filterfalse(_is_only_drawn, events), _watched_names):
        if names is None:
            yield from same
        else:
            yield _one(names, [event for event in same if isinstance(event, Points)])


def _is_only_drawn(event: Event) -> bool:
    return isinstance(event, Points) and not _Names.of(tuple(event.values)).are_told


def _watched_names(event: Event) -> tuple[str, ...] | None:
    """The watched series of a block; None for what is not put together."""
    if not isinstance(event, Points):
        return None
    names = _Names.of(tuple(event.values))
    return None if names.are_of_epochs else names.watched or None


class _Names(NamedTuple):
    """What is to be known of the series of a block: most blocks have the same ones.

    Attributes:
        are_told: whether a watcher learns anything of them.
    """

    are_told: bool
    are_of_epochs: bool
    watched: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, names: tuple[str, ...]) -> _Names:
        """What is to be known of some series."""
        of_epochs = any(name.startswith("epoch/") for name in names)
        are_told = of_epochs or any(name.startswith("batch/") for name in names)
        return cls(are_told, of_epochs, tuple(filter(is_watched, names)))


def _one(names: Sequence[str], blocks: Sequence[Points]) -> Points:
    if len(blocks) == 1:
        return blocks[0]
    values = {name: np.concatenate([block.values[name] for block in blocks]) for name in names}
    return Points(np.concatenate([block.steps for block in blocks]), values)
