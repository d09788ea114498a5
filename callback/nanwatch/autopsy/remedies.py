"""Candidate changes to a training, each a small object that a replay can apply and undo.

A remedy's name is the word under which a cause asks for it (`Testimony.remedy`).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from nanwatch.autopsy.arrays import as_numpy
from nanwatch.autopsy.batch import split
from nanwatch.recorder.patching import Patch, patched
from nanwatch.recorder.snapshot import optimizers_of

SANE_SETTINGS = {
    "epsilon": 1e-7,
    "momentum": 0.9,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "rho": 0.9,
}


@dataclass(frozen=True)
class Remedy:
    """One change.

    Attributes:
        batches: changes the batches, all at once, since scaling needs their common statistics.
        share: how much of each update is done; 0.1 is a rate ten times lower.
        limit: the gradients' common norm is cut to this.
        settings: a block in which the model's settings are changed, or None.
    """

    name: str
    batches: Callable[[list[Any]], list[Any]] = list
    share: float = 1.0
    limit: float = math.inf
    settings: Callable[[Any], contextlib.AbstractContextManager[None]] | None = None


def drop_rows(batches: list[Any]) -> list[Any]:
    """The batches without the rows that hold a cell which is not finite."""
    kept = [_drop(batch) for batch in batches]
    return [batch for batch in kept if len(as_numpy(tree.flatten(batch)[0]))]


def scale_inputs(batches: list[Any]) -> list[Any]:
    """The batches with every input column at mean 0 and spread 1."""
    return _scaled(batches, 0)


def scale_targets(batches: list[Any]) -> list[Any]:
    """The batches with every target column at mean 0 and spread 1."""
    return _scaled(batches, 1)


def scale_both(batches: list[Any]) -> list[Any]:
    """The batches with inputs and targets both scaled."""
    return scale_targets(scale_inputs(batches))


@contextlib.contextmanager
def weaker_penalty(model: Any) -> Iterator[None]:
    """A block in which L1 and L2 penalties weigh a thousandth."""
    held = {id(r): r for v in model.trainable_variables if (r := getattr(v, "regularizer", None))}
    with patched(_scaled_attributes(held.values(), ("l1", "l2"), 1e-3)):
        yield


@contextlib.contextmanager
def sane_optimizer(model: Any) -> Iterator[None]:
    """A block in which the optimizer's settings, but for its rate, are Keras' defaults."""
    patches: list[Patch] = []
    for optimizer in optimizers_of(model):
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        for name, value in SANE_SETTINGS.items():
            if isinstance(getattr(inner, name, None), int | float):
                patches.append((inner, name, _always(value)))
    with patched(patches):
        yield


REMEDIES: dict[str, Remedy] = {
    remedy.name: remedy
    for remedy in (
        Remedy("drop_rows", batches=drop_rows),
        Remedy("scale_inputs", batches=scale_inputs),
        Remedy("scale_targets", batches=scale_targets),
        Remedy("scale_both", batches=scale_both),
        Remedy("lower_rate", share=0.1),
        Remedy("much_lower_rate", share=0.01),
        Remedy("clip", limit=1.0),
        Remedy("weaker_penalty", settings=weaker_penalty),
        Remedy("sane_optimizer", settings=sane_optimizer),
    )
}


def _always(value: float) -> Callable[[Any], float]:
    return lambda _: value


def _scaled_attributes(owners: Any, names: tuple[str, ...], factor: float) -> list[Patch]:
    return [
        (owner, name, lambda value: value * factor)
        for owner in owners
        for name in names
        if hasattr(owner, name)
    ]


def _drop(batch: Any) -> Any:
    arrays = [as_numpy(a) for a in tree.flatten(batch) if a is not None]
    good = np.logical_and.reduce([_finite_rows(array) for array in arrays])
    return tree.map_structure(lambda a: None if a is None else tf.boolean_mask(a, good), batch)


def _finite_rows(array: NDArray[Any]) -> NDArray[np.bool_]:
    if array.dtype.kind != "f":
        return np.ones(len(array), bool)
    return np.asarray(np.isfinite(array).reshape(len(array), -1).all(axis=1))


def _scaled(batches: list[Any], part: int) -> list[Any]:
    parts = [split(batch) for batch in batches]
    columns = [tree.flatten(p[part]) for p in parts]
    scalers = [_scaler([as_numpy(row[i]) for row in columns]) for i in range(len(columns[0]))]
    return [_with_scaled(p, part, scalers) for p in parts]


def _with_scaled(parts: tuple[Any, ...], part: int, scalers: list[Any]) -> tuple[Any, ...]:
    arrays = tree.flatten(parts[part])
    scaled = [scale(array) for scale, array in zip(scalers, arrays, strict=True)]
    changed = list(parts)
    changed[part] = tree.pack_sequence_as(parts[part], scaled)
    return tuple(changed)


def _scaler(arrays: list[NDArray[Any]]) -> Callable[[Any], Any]:
    """Standardises by columns; whole numbers (ids, classes) and single values stay as they are."""
    if arrays[0].dtype.kind != "f" or not arrays[0].ndim:
        return lambda array: array
    rows = np.concatenate([array.astype(np.float64) for array in arrays])
    rows = np.where(np.isfinite(rows), rows, np.nan)
    axes = tuple(range(max(1, rows.ndim - 1)))
    mean, std = np.nanmean(rows, axis=axes), np.nanstd(rows, axis=axes)
    std = np.where(std > 0, std, 1.0)
    return lambda array: tf.cast((as_numpy(array) - mean) / std, array.dtype)
