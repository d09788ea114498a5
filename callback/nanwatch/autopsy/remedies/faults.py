"""Rows, labels and weights that are wrong, left out or put right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import tree
from numpy.typing import NDArray

from nanwatch.autopsy.cells import numbers
from nanwatch.autopsy.merging import as_tensor, with_rows
from nanwatch.autopsy.outliers import outlying_rows
from nanwatch.autopsy.remedies.remedy import Remedy, of_batches
from nanwatch.autopsy.terms import loss_terms
from nanwatch.recorder.arrays import as_numpy, split

Change = Callable[[NDArray[Any]], NDArray[Any]]


def drop_outliers(model: Any, batches: list[Any]) -> list[Any]:
    """The batches without the rows that hold an absurd cell, or get one as they pass the model."""
    good = _ordinary(model, batches)
    kept = [_keep(batch, rows) for batch, rows in zip(batches, good, strict=True)]
    return [batch for batch in kept if batch is not None]


def drop_labels(model: Any, batches: list[Any]) -> list[Any]:
    """The batches without the rows of classes for which the model has no unit."""
    units = [p.shape[-1] for p in tree.flatten(model(split(batches[0])[0], training=False))]
    ignored = {getattr(term.loss, "ignore_class", None) for term in loss_terms(model)}
    kept = [_keep(batch, _known_classes(batch, units, ignored)) for batch in batches]
    return [batch for batch in kept if batch is not None]


def shift_labels(batches: list[Any]) -> list[Any]:
    """Targets that begin at 0."""
    return _with_targets(batches, lambda low, _: lambda y: y - np.asarray(low, y.dtype))


def unit_labels(batches: list[Any]) -> list[Any]:
    """Targets between 0 and 1."""
    return _with_targets(
        batches, lambda low, high: lambda y: ((y - low) / (high - low or 1)).astype("float32")
    )


def column_targets(batches: list[Any]) -> list[Any]:
    """Single numbers as a column, shape (rows, 1), or a column as single numbers."""
    return _with_targets(batches, lambda *_: _other_rank)


def no_weights(batches: list[Any]) -> list[Any]:
    """Every row counts the same."""
    return [split(batch)[:2] for batch in batches]


def _ordinary(model: Any, batches: list[Any]) -> list[NDArray[np.bool_]]:
    """Which rows of each batch hold nothing absurd, told from all batches together."""
    answers = [model(split(batch)[0], training=False) for batch in batches]
    given = [split(batch)[:2] for batch in batches]
    columns = [tree.flatten(pair) for pair in zip(given, answers, strict=True)]
    sizes = [len(as_numpy(arrays[0])) for arrays in columns]
    good = np.ones(sum(sizes), bool)
    for arrays in zip(*columns, strict=True):
        cells = [numbers(array) for array in arrays if array is not None]
        known = [part for part in cells if part is not None]
        if known and known[0].dtype.kind == "f":
            good[list(outlying_rows(np.concatenate(known)))] = False
    return np.split(good, np.cumsum(sizes)[:-1])


def _known_classes(batch: Any, units: list[int], ignored: set[Any]) -> NDArray[np.bool_]:
    """Which rows hold no class number that stands for no unit."""
    targets = [as_numpy(target) for target in tree.flatten(split(batch)[1])]
    good = np.ones(len(targets[0]), bool)
    for target, size in zip(targets, units, strict=True):
        labels = target.reshape(len(target), -1)
        known = (labels >= 0) & (labels < size) | np.isin(labels, list(ignored - {None}))
        if size > 1 and (labels == np.round(labels)).all():
            good &= known.all(axis=1)
    return good


def _keep(batch: Any, good: NDArray[np.bool_]) -> Any:
    if not good.any():
        return None
    return with_rows(batch, good)


def _with_targets(batches: list[Any], make: Callable[[float, float], Change]) -> list[Any]:
    """The batches with every target changed by its smallest and largest value."""
    columns = [[as_numpy(array) for array in tree.flatten(split(b)[1])] for b in batches]
    ends = [(min(map(np.min, ys)), max(map(np.max, ys))) for ys in zip(*columns, strict=True)]
    changes = [make(*map(float, pair)) for pair in ends]
    return [_changed(batch, changes) for batch in batches]


def _changed(batch: Any, changes: list[Change]) -> Any:
    x, y, *weights = batch
    pairs = zip(changes, tree.flatten(y), strict=True)
    changed = [as_tensor(change(as_numpy(array))) for change, array in pairs]
    return (x, tree.pack_sequence_as(y, changed), *weights)


def _other_rank(y: NDArray[Any]) -> NDArray[Any]:
    return y[:, None] if y.ndim == 1 else y[:, 0] if y.shape[1:] == (1,) else y


REMEDIES = (
    Remedy("drop_outliers", "without rows of absurd cells", drop_outliers),
    Remedy("drop_labels", "without rows of classes that no unit stands for", drop_labels),
    Remedy("shift_labels", "labels from 0 on", of_batches(shift_labels), rescales=True),
    Remedy("unit_labels", "labels between 0 and 1", of_batches(unit_labels), rescales=True),
    Remedy(
        "column_targets",
        "targets of the predictions' shape",
        of_batches(column_targets),
        rescales=True,
    ),
    Remedy("no_weights", "every row counting the same", of_batches(no_weights), rescales=True),
)
