"""A look at every array of a batch: what is not finite, where, and on which scale the rest lies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nanwatch.autopsy.arrays import look_at
from nanwatch.autopsy.cells import row_numbers
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.recorder.arrays import as_numpy, named_arrays
from nanwatch.recorder.source import DataSource

MOST_BYTES = 50 * 2**20
"""A data set up to this size is looked at as a whole: it takes some 50 ms."""


def look_at_batch(model: Any, batch: Any, source: DataSource) -> tuple[ArrayLook, ...]:
    """A look at every array of a batch, with positions in the data set where they are known."""
    looks = _looks(model, batch, source.column_names)
    inputs = [a.array for a in named_arrays(model, batch) if a.role == "input"]
    if any(row_numbers(array) is not None for array in inputs):
        return looks
    cells = [as_numpy(array) for array in inputs]
    return tuple(replace(look, samples=source.positions(cells, _rows(look))) for look in looks)


def look_at_data(model: Any, batch: Any, source: DataSource) -> tuple[ArrayLook, ...]:
    """A look at the whole data set where it is in memory and small, else at this first batch."""
    return _whole(model, source.whole, source) or look_at_batch(model, batch, source)


def look_at_validation(model: Any, batch: Any, source: DataSource) -> tuple[ArrayLook, ...]:
    """A look at all validation data where they are in memory and small, else at `batch`."""
    looks = _whole(model, source.validation, source)
    return looks or (() if batch is None else _looks(model, batch, source.column_names))


def _whole(model: Any, data: Any, source: DataSource) -> tuple[ArrayLook, ...]:
    """Rows of a whole data set are at their positions in it."""
    if data is None:
        return ()
    sizes = [int(getattr(a.array, "nbytes", 0)) for a in named_arrays(model, data)]
    if not all(sizes) or sum(sizes) > MOST_BYTES:
        return ()
    looks = _looks(model, data, source.column_names)
    return tuple(replace(look, samples=_rows(look)) for look in looks)


def _looks(model: Any, batch: Any, column_names: tuple[str, ...]) -> tuple[ArrayLook, ...]:
    arrays = named_arrays(model, batch)
    named = column_names if sum(a.role == "input" for a in arrays) == 1 else ()
    return tuple(
        look_at(a.role, a.name, a.array, named if a.role == "input" else ()) for a in arrays
    )


def _rows(look: ArrayLook) -> tuple[int, ...]:
    """The rows at fault: those with cells that are not finite, else those with absurd ones."""
    return look.rows or look.outliers
