"""Models that were made under a distribution strategy, and batches that it has cut into parts."""

from __future__ import annotations

from typing import Any

from keras import tree


def strategy_of(model: Any) -> Any:
    """The strategy under which the model was made, or None."""
    return getattr(model, "_distribute_strategy", None)


def whole(model: Any, batch: Any) -> Any:
    """The batch in one piece, where the replicas have a part of it each."""
    strategy = strategy_of(model)
    if strategy is None:
        return batch
    return tree.map_structure(
        lambda part: _joined(strategy.experimental_local_results(part)), batch
    )


def _joined(parts: tuple[Any, ...]) -> Any:
    import tensorflow as tf  # only here: other backends have no replicas

    return tf.concat(parts, 0) if len(parts) > 1 else parts[0]
