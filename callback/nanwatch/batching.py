"""Makes events of what was logged, and frames of events. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nanwatch.events import MAX_STEP, Event, Gap, Points
from nanwatch.plain import series_name

Logged = tuple[tuple[str, ...], int, Sequence[float]]  # names, step, values

BLOCK_VALUES = 32_768
BLOCK_SERIES = 4_096
FRAME_BYTES = 512 * 1024
EVENT_BYTES = 4 * 1024  # what an event other than points takes, roughly


def gather(items: Iterable[Logged | Event]) -> Iterator[Event]:
    """Events in order: neighbours that were logged under the same names share a block."""
    for names, group in itertools.groupby(items, key=_names):
        if names is None:
            yield from (_cleaned(item) for item in group if not isinstance(item, tuple))
        else:
            yield from _blocks(names, [item for item in group if isinstance(item, tuple)])


def pack(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events in order, as many to a frame as fit well."""
    frame: list[Event] = []
    room = FRAME_BYTES
    for event in events:
        size = _size(event)
        if frame and size > room:
            yield frame
            frame, room = [], FRAME_BYTES
        frame.append(event)
        room -= size
    if frame:
        yield frame


def _names(item: Logged | Event) -> tuple[str, ...] | None:
    return item[0] if isinstance(item, tuple) else None


def _cleaned(event: Event) -> Event:
    if isinstance(event, Points):
        return Points(event.steps, {series_name(name): v for name, v in event.values.items()})
    return event


def _blocks(names: tuple[str, ...], group: list[Logged]) -> Iterator[Event]:
    try:
        steps, columns = _columns(names, group)
    except (TypeError, ValueError, OverflowError):
        # Some value is no number. What it was is not for us to invent; that it is missing is said.
        fit = [item for item in group if _is_number_row(item)]
        yield from _blocks(names, fit) if fit else ()
        yield from _gap(names, [item for item in group if not _is_number_row(item)])
        return
    series = [(series_name(name), column) for name, column in zip(names, columns, strict=True)]
    rows = max(1, BLOCK_VALUES // max(1, min(len(series), BLOCK_SERIES)))
    for left in range(0, len(series), BLOCK_SERIES):
        for top in range(0, len(group), rows):
            some = series[left : left + BLOCK_SERIES]
            block = {name: column[top : top + rows] for name, column in some}
            yield Points(steps[top : top + rows], block)


def _columns(
    names: tuple[str, ...], group: list[Logged]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps of shape (n,), and a row of n values for each name."""
    steps = np.array([step for _, step, _ in group], np.int64)
    table = np.array([values for _, _, values in group], np.float64)
    return steps, table.reshape(len(group), len(names)).T


def _is_number_row(item: Logged) -> bool:
    names, _, _ = item
    try:
        _columns(names, [item])
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _gap(names: tuple[str, ...], group: list[Logged]) -> Iterator[Gap]:
    known = [step for _, step, _ in group if isinstance(step, int) and 0 <= step <= MAX_STEP]
    if known:
        yield Gap(len(group) * len(names), min(known), max(known))


def _size(event: Event) -> int:
    if not isinstance(event, Points):
        return EVENT_BYTES
    return 8 * len(event.steps) * (1 + len(event.values)) + sum(map(len, event.values))
