"""NaN that TensorFlow loses in a compiled graph, where it joins operations into one."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from keras import tree

from nanwatch.recorder.arrays import as_numpy, present, split
from nanwatch.recorder.snapshot import Snapshot


def loses_nan(model: Any, batch: Any) -> bool:
    """Whether predictions are finite only because they are made in a graph.

    On a CPU a product, its bias and a relu become one operation, which takes NaN for 0. A model
    that fills in on purpose what is missing does so without a graph as well, and where all such
    rows have a sample weight of 0 nobody asks. The model is left as it was.
    """
    if _weighs_nothing(batch):
        return False
    found, predict = Snapshot(model, 0), partial(model, training=False)
    try:
        x = split(batch)[0]
        return _finite(tf.function(predict, autograph=False)(x)) and not _finite(predict(x))
    finally:
        found.restore()


def _finite(predictions: Any) -> bool:
    return all(np.isfinite(as_numpy(part)).all() for part in tree.flatten(predictions))


def _weighs_nothing(batch: Any) -> bool:
    """Whether all rows with inputs that are not finite have a weight of 0."""
    x, _, weights = split(batch)
    given = [as_numpy(weight) for weight in present(weights)]
    if not given:
        return False
    bad = np.any([_unsound_rows(as_numpy(array)) for array in present(x)], axis=0)
    return not any(weight[bad].any() for weight in given)


def _unsound_rows(array: Any) -> Any:
    if array.dtype.kind != "f":
        return np.zeros(len(array), bool)
    return ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
