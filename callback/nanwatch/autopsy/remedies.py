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

from nanwatch.diagnosis.settings import SETTINGS
from nanwatch.recorder.arrays import as_numpy, split
from nanwatch.recorder.patching import Patch, patched
from nanwatch.recorder.snapshot import optimizers_of


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
    """The batches with every input column at mean 0 and spread 1.

    Whole numbers beside fractions are ids and stay as they are; alone they are measurements.
    """
    inputs = tree.flatten(split(batches[0])[0])
    return _scaled(batches, 0, whole=not any(_is_float(array) for array in inputs))


def scale_targets(batches: list[Any]) -> list[Any]:
    """The batches with every target column at mean 0 and spread 1, whole numbers included."""
    return _scaled(batches, 1, whole=True)


def scale_both(batches: list[Any]) -> list[Any]:
    """The batches with inputs and targets both scaled, but for classes."""
    return _scaled(scale_inputs(batches), 1, whole=False)


@contextlib.contextmanager
def weaker_penalty(model: Any) -> Iterator[None]:
    """A block in which penalties on weights and outputs, and weight decay, weigh a thousandth."""
    owners = [
        *((variable, "_regularizer") for variable in model.trainable_variables),
        *((layer, "activity_regularizer") for layer in model._flatten_layers()),
        *((inner, "weight_decay") for inner in _inner_optimizers(model)),
    ]
    with patched([(o, name, _weaker) for o, name in owners if getattr(o, name, None)]):
        yield


@contextlib.contextmanager
def sane_optimizer(model: Any) -> Iterator[None]:
    """A block in which the optimizer's settings that cannot work are usual ones."""
    patches: list[Patch] = []
    for inner in _inner_optimizers(model):
        for name, setting in SETTINGS.items():
            value = getattr(inner, name, None)
            if isinstance(value, int | float) and not setting.fits(value):
                patches.append((inner, name, _always(setting.usual)))
        if not SETTINGS["learning_rate"].fits(float(inner.learning_rate)):
            inner.learning_rate = SETTINGS["learning_rate"].usual  # a variable: the replay ends it
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
        Remedy("far_lower_rate", share=0.001),
        Remedy("clip", limit=1.0),
        Remedy("weaker_penalty", settings=weaker_penalty),
        Remedy("weaker_penalty_lower_rate", share=0.1, settings=weaker_penalty),
        Remedy("sane_optimizer", settings=sane_optimizer),
        Remedy("sane_optimizer_lower_rate", share=0.1, settings=sane_optimizer),
    )
}


def _always(value: float) -> Callable[[Any], float]:
    return lambda _: value


def _weaker(penalty: Any) -> Any:
    """A thousandth of a strength, or of what a regularizer returns."""
    return (lambda *args: 1e-3 * penalty(*args)) if callable(penalty) else 1e-3 * penalty


def _inner_optimizers(model: Any) -> list[Any]:
    return [getattr(optimizer, "inner_optimizer", optimizer) for optimizer in optimizers_of(model)]


def _drop(batch: Any) -> Any:
    arrays = [as_numpy(a) for a in tree.flatten(batch) if a is not None]
    good = np.logical_and.reduce([_finite_rows(array) for array in arrays])
    return tree.map_structure(lambda a: None if a is None else tf.boolean_mask(a, good), batch)


def _finite_rows(array: NDArray[Any]) -> NDArray[np.bool_]:
    if array.dtype.kind != "f":
        return np.ones(len(array), bool)
    return np.asarray(np.isfinite(array).reshape(len(array), -1).all(axis=1))


def _scaled(batches: list[Any], part: int, whole: bool) -> list[Any]:
    columns = [tree.flatten(split(batch)[part]) for batch in batches]
    scalers = [_scaler([as_numpy(r[i]) for r in columns], whole) for i in range(len(columns[0]))]
    return [_with_scaled(batch, part, scalers) for batch in batches]


def _with_scaled(batch: Any, part: int, scalers: list[Any]) -> Any:
    """The batch in the structure in which the model's step expects it."""
    parts = split(batch)
    scaled = [s(array) for s, array in zip(scalers, tree.flatten(parts[part]), strict=True)]
    packed = tree.pack_sequence_as(parts[part], scaled)
    if not isinstance(batch, tuple):
        return packed if part == 0 else batch
    return tuple(packed if at == part else old for at, old in enumerate(batch))


def _is_float(array: Any) -> bool:
    return as_numpy(array).dtype.kind == "f"


def _scaler(arrays: list[NDArray[Any]], whole: bool) -> Callable[[Any], Any]:
    """Standardises by columns; without `whole` whole numbers (ids, classes) stay as they are."""
    kinds = "fiu" if whole else "f"
    if arrays[0].dtype.kind not in kinds or not arrays[0].ndim:
        return lambda array: array
    dtype = arrays[0].dtype if arrays[0].dtype.kind == "f" else np.dtype("float32")
    rows = np.concatenate([array.astype(np.float64) for array in arrays])
    rows = np.where(np.isfinite(rows), rows, np.nan)
    axes = tuple(range(max(1, rows.ndim - 1)))
    mean, std = np.nanmean(rows, axis=axes), np.nanstd(rows, axis=axes)
    std = np.where(std > 0, std, 1.0)
    return lambda array: tf.cast((as_numpy(array) - mean) / std, dtype)
