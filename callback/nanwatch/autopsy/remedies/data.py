"""Other rows, and inputs and targets on another scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import tree
from numpy.typing import NDArray

from nanwatch.autopsy.merging import as_tensor, merged, rows_of, with_rows
from nanwatch.autopsy.remedies.remedy import Remedy, of_batches
from nanwatch.recorder.arrays import as_numpy, split

ROWS = 32
"""So many rows make a batch whose mean and gradient can be trusted."""
FRACTIONS, NUMBERS = "f", "fiu"
"""NumPy's kinds of types: whole numbers may be ids or classes, which no scale becomes."""
Change = Callable[[Any], Any]


def drop_rows(batches: list[Any]) -> list[Any]:
    """The batches without the rows that hold a cell which is not finite."""
    kept = [_drop(batch) for batch in batches]
    return [batch for batch in kept if len(as_numpy(tree.flatten(batch)[0]))]


def fill_cells(batches: list[Any]) -> list[Any]:
    """The batches with the mean of a column's finite cells, or 0, in every bad cell of the inputs.

    A column that is bad in all rows leaves none to keep; only filling it in does.
    """
    columns = [tree.flatten(split(batch)[0]) for batch in batches]
    fills = [_filler([as_numpy(row[i]) for row in columns]) for i in range(len(columns[0]))]
    return [_with_changed(batch, 0, fills) for batch in batches]


def skip_batch(batches: list[Any]) -> list[Any]:
    """The batches before the failing one."""
    return batches[:-1]


def scale_inputs(batches: list[Any]) -> list[Any]:
    """The batches with every input column at mean 0 and spread 1.

    Whole numbers beside fractions are ids and stay as they are; alone they are measurements.
    """
    inputs = tree.flatten(split(batches[0])[0])
    return _scaled(batches, 0, FRACTIONS if any(map(_is_float, inputs)) else NUMBERS)


def scale_targets(batches: list[Any]) -> list[Any]:
    """The batches with every target column at mean 0 and spread 1, whole numbers included."""
    return _scaled(batches, 1, NUMBERS)


def scale_both(batches: list[Any]) -> list[Any]:
    """The batches with inputs and targets both scaled, but for classes."""
    return _scaled(scale_inputs(batches), 1, FRACTIONS)


def larger_batch(batches: list[Any]) -> list[Any]:
    """The rows of all batches in batches of at least ROWS."""
    group = -(-ROWS // rows_of(batches[0]))
    groups = [batches[at : at + group] for at in range(0, len(batches), group)]
    return [merged(group) for group in groups]


def _drop(batch: Any) -> Any:
    arrays = [as_numpy(a) for a in tree.flatten(batch) if a is not None]
    good = np.logical_and.reduce([_finite_rows(array) for array in arrays])
    return with_rows(batch, good)


def _finite_rows(array: NDArray[Any]) -> NDArray[np.bool_]:
    if array.dtype.kind != "f":
        return np.ones(len(array), bool)
    return np.asarray(np.isfinite(array).reshape(len(array), -1).all(axis=1))


def _scaled(batches: list[Any], part: int, kinds: str) -> list[Any]:
    columns = [tree.flatten(split(batch)[part]) for batch in batches]
    scalers = [_scaler([as_numpy(r[i]) for r in columns], kinds) for i in range(len(columns[0]))]
    return [_with_changed(batch, part, scalers) for batch in batches]


def _with_changed(batch: Any, part: int, changes: list[Change]) -> Any:
    """The batch in the structure in which the model's step expects it."""
    parts = split(batch)
    changed = [c(array) for c, array in zip(changes, tree.flatten(parts[part]), strict=True)]
    packed = tree.pack_sequence_as(parts[part], changed)
    if not isinstance(batch, tuple):
        return packed if part == 0 else batch
    return tuple(packed if at == part else old for at, old in enumerate(batch))


def _is_float(array: Any) -> bool:
    return as_numpy(array).dtype.kind == "f"


def _filler(arrays: list[NDArray[Any]]) -> Change:
    """Puts the mean of its column in the place of every cell that is not finite."""
    if arrays[0].dtype.kind != "f" or not arrays[0].ndim:
        return lambda array: array
    dtype, rows = arrays[0].dtype, np.concatenate([a.astype(np.float64) for a in arrays])
    good = np.isfinite(rows)
    axes = tuple(range(max(1, rows.ndim - 1)))
    mean = np.where(good, rows, 0.0).sum(axis=axes) / np.maximum(good.sum(axis=axes), 1)
    return lambda array: as_tensor(
        np.where(np.isfinite(as_numpy(array)), as_numpy(array), mean), dtype
    )


def _scaler(arrays: list[NDArray[Any]], kinds: str) -> Change:
    """Standardises by columns what is of these kinds; all else stays as it is."""
    if arrays[0].dtype.kind not in kinds or not arrays[0].ndim:
        return lambda array: array
    dtype = arrays[0].dtype if arrays[0].dtype.kind == "f" else np.dtype("float32")
    rows = np.concatenate([array.astype(np.float64) for array in arrays])
    rows = np.where(np.isfinite(rows), rows, np.nan)
    axes = tuple(range(max(1, rows.ndim - 1)))
    mean, std = np.nanmean(rows, axis=axes), np.nanstd(rows, axis=axes)
    std = np.where(std > 0, std, 1.0)
    return lambda array: as_tensor((as_numpy(array) - mean) / std, dtype)


REMEDIES = (
    Remedy("drop_rows", "without the rows that are not finite", batches=of_batches(drop_rows)),
    Remedy("fill_cells", "bad cells filled with their column's mean", of_batches(fill_cells)),
    Remedy("skip_batch", "without the failing batch", of_batches(skip_batch)),
    Remedy("scale_inputs", "scaled inputs", batches=of_batches(scale_inputs)),
    Remedy("scale_targets", "scaled targets", batches=of_batches(scale_targets), rescales=True),
    Remedy(
        "scale_both", "scaled inputs and targets", batches=of_batches(scale_both), rescales=True
    ),
    Remedy("larger_batch", "larger batches", batches=of_batches(larger_batch)),
)
