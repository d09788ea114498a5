"""Small questions to tensors, in a graph or at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def is_finite(value: Any) -> Any:
    """Whether all numbers of a tensor are; None counts as finite."""
    return tf.reduce_all(tf.math.is_finite(0.0 if value is None else tf.convert_to_tensor(value)))


def all_finite(tensors: Sequence[Any]) -> Any:
    """Whether every number of all the tensors is; integers and text always are."""
    floats = [tensor for tensor in tensors if tensor.dtype.is_floating]
    return tf.reduce_all(tf.stack([tf.constant(True), *map(is_finite, floats)]))


def numbers_of(structure: Any) -> list[Any]:
    """The tensors in a structure; of a ragged or sparse one, that of the numbers it holds."""
    leaves = [leaf for leaf in tf.nest.flatten(structure) if leaf is not None]
    return [tf.convert_to_tensor(_held(leaf)) for leaf in leaves]


def _held(leaf: Any) -> Any:
    if isinstance(leaf, tf.RaggedTensor):
        return leaf.flat_values
    return leaf.values if isinstance(leaf, tf.SparseTensor) else leaf
