"""Several batches as one."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import tree
from numpy.typing import NDArray

from nanwatch.recorder.arrays import as_numpy

MOST_ROWS = 1024
"""So many rows tell what all rows would, and fit into any memory."""


def merged(batches: list[Any]) -> Any:
    """Batches of the same structure as one."""
    return tree.map_structure(_joined, *batches)


def with_rows(batch: Any, good: NDArray[np.bool_]) -> Any:
    """A batch with the rows for which `good`, shape (rows,), holds."""
    return tree.map_structure(lambda a: None if a is None else _rows(a, good), batch)


def as_tensor(array: NDArray[Any], dtype: Any = None) -> Any:
    """Numbers as a tensor of the backend."""
    return keras.ops.convert_to_tensor(array if dtype is None else array.astype(dtype))


def rows_of(batch: Any) -> int:
    """How many rows a batch has, at least 1."""
    first = next(array for array in tree.flatten(batch) if array is not None)
    shape = as_numpy(first).shape
    return max(1, shape[0] if shape else 1)


def latest(batches: list[Any], rows: int = MOST_ROWS) -> Any:
    """The last batches as one of about `rows` rows: those that are alike, the last at least."""
    last = batches[-1]
    count = max(1, rows // rows_of(last))
    alike = [batch for batch in batches[-count:] if _form(batch) == _form(last)]
    return merged(alike) if len(alike) > 1 else last


def _form(batch: Any) -> Any:
    """Structure, shapes and types; of arrays that are not dense, something like nothing else."""
    leaves = [leaf for leaf in tree.flatten(batch) if leaf is not None]
    if any(not hasattr(leaf, "__array__") for leaf in leaves):
        return object()
    shapes = [(tuple(leaf.shape[1:]), str(leaf.dtype)) for leaf in leaves]
    return str(tree.map_structure(lambda leaf: leaf is None, batch)), shapes


def _rows(array: Any, good: NDArray[np.bool_]) -> Any:
    if keras.backend.backend() != "tensorflow":
        return array[np.flatnonzero(good)]
    import tensorflow as tf  # only here: it knows ragged and sparse arrays and strings as well

    return tf.boolean_mask(array, good)


def _joined(*parts: Any) -> Any:
    return None if parts[0] is None else keras.ops.concatenate(parts, 0)
