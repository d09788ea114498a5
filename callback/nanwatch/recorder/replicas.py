"""What is different where a distribution strategy runs each step on several devices at once."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import tree

from nanwatch.recorder.row import CHECKS

NOTE = (
    "a distribution strategy is in use: the gradient norm is a mean of the replicas' own norms, "
    "and fixes are not tried in replays"
)


def strategy_of(model: Any) -> Any:
    """The strategy under which the model was made, or None."""
    return getattr(model, "_distribute_strategy", None)


def is_replica() -> bool:
    """Whether this thread runs one replica's part of a step."""
    return bool(tf.distribute.has_strategy() and not tf.distribute.in_cross_replica_context())


def weighted(row: Any, batch: Any) -> Any:
    """A replica's row so weighted that Keras' mean over the replicas is a mean over their rows.

    Keras' own loss counts a short replica less, and so does this one. The flags stay as they are:
    their mean is below 1 when one replica's is.
    """
    if not is_replica():
        return row
    context = tf.distribute.get_replica_context()
    part = next(array for array in tree.flatten(batch) if array is not None)
    rows = tf.cast(tf.shape(part)[0], row.dtype)
    share = rows * context.num_replicas_in_sync / context.all_reduce("SUM", rows)
    return tf.concat([row[: len(CHECKS)], share * row[len(CHECKS) :]], 0)


def whole(model: Any, batch: Any) -> Any:
    """The batch in one piece, where the replicas have a part of it each."""
    strategy = strategy_of(model)
    if strategy is None:
        return batch
    return tree.map_structure(
        lambda part: _joined(strategy.experimental_local_results(part)), batch
    )


def _joined(parts: tuple[Any, ...]) -> Any:
    return tf.concat(parts, 0) if len(parts) > 1 else parts[0]
