"""Several batches as one."""

from __future__ import annotations

from typing import Any

import keras
from keras import tree

from nanwatch.recorder.arrays import as_numpy

MOST_ROWS = 1024


def merged(batches: list[Any]) -> Any:
    """Batches of the same structure as one."""
    return tree.map_structure(_joined, *batches)


def rows_of(batch: Any) -> int:
    """How many rows a batch has, at least 1."""
    first = next(array for array in tree.flatten(batch) if array is not None)
    shape = as_numpy(first).shape
    return max(1, shape[0] if shape else 1)


def latest(batches: list[Any], rows: int = MOST_ROWS) -> Any:
    """The last batches as one of about `rows` rows; the last alone where they cannot be joined."""
    count = max(1, rows // rows_of(batches[-1]))
    try:
        return merged(batches[-count:])
    except (TypeError, ValueError):  # structures or shapes differ from batch to batch
        return batches[-1]


def _joined(*parts: Any) -> Any:
    return None if parts[0] is None else keras.ops.concatenate(parts, 0)
