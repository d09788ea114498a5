"""What is different where a distribution strategy runs each step on several devices at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from keras import tree
from numpy.typing import NDArray

from nanwatch.recorder.row import CHECKS

NOTE = (
    "a distribution strategy is in use: the gradient norm is a mean of the replicas' own norms, "
    "and a step that was not finite is taken back after it was made"
)


def is_replica() -> bool:
    """Whether this thread runs one replica's part of a step."""
    return bool(tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context())


def weighted(row: Any, batch: Any) -> Any:
    """A replica's row, prepared for Keras' mean over the replicas: a short one counts less.

    The flags stay as they are, for their mean is below 1 when one replica's is. The number of
    rows stands last. A sum over the replicas here would be a collective operation more, and these
    are numbered, also from one strategy of the process to the next.
    """
    if not is_replica():
        return row
    part = next(array for array in tree.flatten(batch) if array is not None)
    rows = tf.cast(tf.shape(part)[:1], row.dtype)
    return tf.concat([row[: len(CHECKS)], rows * row[len(CHECKS) :], rows], 0)


def unweighted(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """The row of the whole step, from the mean of the replicas' weighted ones."""
    flags, values = mean[: len(CHECKS)], mean[len(CHECKS) : -1]
    return np.concatenate([flags, values / mean[-1]])
