"""Where rows of a batch stand in the data set: found in one pass, however many are looked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Sequence[NDArray[Any]]
MAX_CELLS = 200_000_000
"""A larger data set is not searched: a pass over this one takes about two seconds."""
AT_ONCE = 1_000_000
"""So many cells are cast and compared at a time."""
SEED = 271


def find_rows(rows: Arrays, data: Arrays) -> tuple[int, ...]:
    """The first place of each row in the data; () unless every one is found.

    Keras casts what it hands to a step, so the data are compared after that cast. NaN equals NaN.

    Args:
        rows: the wanted ones, an array for each input, shape (rows, ...).
        data: the inputs of the whole data set in the same order.
    """
    if not _fit_together(rows, data):
        return ()
    wanted, marks = _keys(rows), _marks(rows)
    found = dict[bytes, int]()
    stride = max(1, AT_ONCE // max(1, sum(array[:1].size for array in data)))
    for begin in range(0, len(data[0]), stride):
        part = [_cast(array[begin : begin + stride], one) for array, one in _pairs(data, rows)]
        hits = np.flatnonzero(np.isin(_marks(part), marks))
        for at, key in zip(hits.tolist(), _keys([array[hits] for array in part]), strict=True):
            found.setdefault(key, begin + at)
        if found.keys() >= set(wanted):
            return tuple(found[key] for key in wanted)
    return ()


def _pairs(data: Arrays, rows: Arrays) -> Any:
    return zip(data, rows, strict=True)


def _fit_together(rows: Arrays, data: Arrays) -> bool:
    """Whether these are rows of such inputs; Keras makes a column of single numbers."""
    if len(rows) != len(data) or not 0 < sum(array.size for array in data) <= MAX_CELLS:
        return False
    shapes = [(one.shape[1:], array.shape[1:]) for array, one in _pairs(data, rows)]
    alike = all(inner in (shape, shape[:-1]) for shape, inner in shapes)
    return alike and all(one.dtype.kind in "fiub" for one in rows)


def _cast(data: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    return data.astype(like.dtype).reshape(len(data), *like.shape[1:])


def _keys(arrays: Arrays) -> list[bytes]:
    """All bytes of each row."""
    flat = np.concatenate([_words(array).view(np.uint8) for array in arrays], axis=1)
    return [row.tobytes() for row in flat]


def _marks(arrays: Arrays) -> NDArray[np.uint64]:
    """A number for each row, the same for the same bytes, and hardly ever for others."""
    random = np.random.default_rng(SEED)
    parts = [_words(array).astype(np.uint64) for array in arrays]
    factors = [random.integers(2**64, size=part.shape[1], dtype=np.uint64) for part in parts]
    products = [part @ factor for part, factor in zip(parts, factors, strict=True)]
    return np.asarray(np.sum(products, axis=0, dtype=np.uint64))


def _words(array: NDArray[Any]) -> NDArray[Any]:
    """Each row's cells as unsigned whole numbers, with one kind of NaN."""
    flat = np.ascontiguousarray(array).reshape(len(array), math.prod(array.shape[1:]))
    if flat.dtype.kind == "f":
        flat = np.where(np.isnan(flat), flat.dtype.type(np.nan), flat)
    return flat.view(f"u{flat.dtype.itemsize}")
