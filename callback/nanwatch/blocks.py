"""Blocks of points that are put together: to look at many costs little more than to look at few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import filterfalse, groupby

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
    return isinstance(event, Points) and not any(
        name.startswith(("batch/", "epoch/")) for name in event.values
    )


def _watched_names(event: Event) -> tuple[str, ...] | None:
    """The watched series of a block; None for what is not put together."""
    if not isinstance(event, Points) or any(name.startswith("epoch/") for name in event.values):
        return None
    return tuple(filter(is_watched, event.values)) or None


def _one(names: Sequence[str], blocks: Sequence[Points]) -> Points:
    if len(blocks) == 1:
        return blocks[0]
    values = {name: np.concatenate([block.values[name] for block in blocks]) for name in names}
    return Points(np.concatenate([block.steps for block in blocks]), values)
