"""What an operation was given and what it made of it: finite or not, in which range, how steep."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from keras import tree
from numpy.typing import NDArray

from nanwatch.recorder.arrays import as_numpy

Array = NDArray[Any]


class Level(IntEnum):
    """How bad an array's worst cell is."""

    FINITE = 0
    INFINITE = 1
    NAN = 2


TELLING = {"RealDiv": 1, "Div": 1, "Xdivy": 1}
"""Which operand tells why an operation fails, where it is not the first: a division's divisor."""

STEEP: dict[str, Callable[..., Any]] = {
    "Sqrt": lambda x: x == 0,
    "Pow": lambda x, exponent: (x == 0) & (exponent > 0) & (exponent < 1),
    "EuclideanNorm": lambda x, axes: _norms(x, axes) == 0,
    "Acos": lambda x: np.abs(x) == 1,
    "Asin": lambda x: np.abs(x) == 1,
    "Acosh": lambda x: x == 1,
    "Atan2": lambda y, x: (y == 0) & (x == 0),
}
"""Where operations that are finite themselves have no finite slope."""

NEAR = 2.0**-24
"""A float32 number up to this is lost beside 1: 1 - p + 1e-8 is 1 - p where it is summed up so."""

LIMITED = frozenset({"Log", "Xlogy", "RealDiv", "Div", "Xdivy", "Reciprocal", "Inv", "Rsqrt"})
"""Operations that fail at 0."""

PAIRED = frozenset({"AddV2", "Sub", "Mul", "RealDiv", "DivNoNan", "SquaredDifference"})
"""Operations of two arrays, number by number."""

LOST = {"AddV2": 0.0, "Sub": 0.0, "Maximum": 0.0, "Minimum": 1.0}
"""What is left of a small constant in an operation when it has been rounded away."""


def level(array: Array) -> Level:
    """The worst that an array of any type holds."""
    if array.dtype.kind not in "fcV" or np.isfinite(array).all():
        return Level.FINITE
    return Level.NAN if np.isnan(array).any() else Level.INFINITE


def telling(kind: str, count: int) -> int:
    """The position, of `count` operands, of the one that tells why an operation fails."""
    return min(TELLING.get(kind, 0), count - 1)


def extent(array: Array) -> tuple[float, float]:
    """The least and the greatest number that is not NaN; NaN when there is none."""
    numbers = array.astype(np.float64).ravel() if array.dtype.kind in "fiubV" else np.empty(0)
    numbers = numbers[~np.isnan(numbers)]
    return (float(numbers.min()), float(numbers.max())) if numbers.size else (math.nan, math.nan)


def bad_rows(array: Array, rows: int) -> tuple[int, ...]:
    """The rows that are not finite, where the first axis is that of the batch."""
    return _rows_of(~np.isfinite(array), rows)


def steep_rows(kind: str, operands: Sequence[Array], rows: int) -> tuple[int, ...] | None:
    """The rows in which an operation has no finite slope; None when it is fine everywhere.

    () where the first axis is not that of the batch.
    """
    where = np.asarray(STEEP[kind](*operands)) if kind in STEEP else np.zeros(())
    return _rows_of(where, rows) if where.any() else None


def near_rows(kind: str, operands: Sequence[Array], rows: int) -> tuple[int, ...] | None:
    """The rows in which an operation is finite only because of a number that rounding may lose.

    A compiled graph may add up in another order. None where there is no such number, () where the
    first axis is not that of the batch.
    """
    if kind not in LIMITED:
        return None
    operand = operands[telling(kind, len(operands))]
    where = (operand > 0) & (operand <= NEAR)
    return _rows_of(where, rows) if operand.dtype == np.float32 and where.any() else None


def _rows_of(where: Array, rows: int) -> tuple[int, ...]:
    if not where.ndim or len(where) != rows:
        return ()
    return tuple(np.flatnonzero(where.reshape(rows, -1).any(axis=1)).tolist())


def is_empty_softmax(kind: str, operands: Sequence[Array]) -> bool:
    """Whether a softmax is taken of a row that holds nothing but minus infinity."""
    if kind not in ("Softmax", "LogSoftmax"):
        return False
    return bool(np.isneginf(operands[0].astype(np.float64)).all(axis=-1).any())


def is_lost(kind: str, constants: Sequence[Array]) -> bool:
    """Whether a constant beside an operand was so small that it has been rounded away."""
    limit = LOST.get(kind)
    return limit is not None and any(c.ndim == 0 and c == limit for c in constants)


def has_values(tensor: Any) -> bool:
    """Whether this is a tensor of TensorFlow or torch, or an array of NumPy or JAX, no symbol."""
    is_jax_array = type(tensor).__module__.startswith("jaxlib")
    return hasattr(tensor, "numpy") or isinstance(tensor, np.ndarray) or is_jax_array


def is_array(tensor: Any) -> bool:
    """Whether a tensor of TensorFlow has a number and holds numbers."""
    if not hasattr(tensor, "_id"):
        return False
    return bool(tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool)


def numbers_of(values: Any) -> list[int]:
    """The numbers of the tensors in a structure, of sparse ones those of their values."""
    leaves = [getattr(leaf, "values", leaf) for leaf in tree.flatten(values)]
    return [leaf._id for leaf in leaves if is_array(leaf)]


def mean_of(value: Any) -> float:
    """The mean of a tensor's numbers."""
    return float(np.mean(as_numpy(value).astype(np.float64)))


def _norms(x: Array, axes: Array) -> Any:
    return np.square(x.astype(np.float64)).sum(axis=tuple(np.atleast_1d(axes).tolist()))


def crosses_rows(kind: str, shapes: list[tuple[int, ...]], rows: int) -> bool:
    """Whether numbers of a row each, (rows,) and (rows, 1), are taken each with every other."""
    row, column = (rows,), (rows, 1)
    return rows > 1 and kind in PAIRED and row in shapes and column in shapes
