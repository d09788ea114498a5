"""Euclidean norms of many tensors at once, in a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def norms(tensors: list[Any]) -> Any:
    """Each tensor's norm as a float64 vector; an entry is not finite exactly when a member is not.

    The square of a large float32 overflows while the number itself is fine, so the squares are
    made anew in float64 when any of the quick ones overflowed. None counts as 0.
    """
    if not tensors:
        return tf.constant(np.zeros(0))
    quick = _squares(tensors, tf.float32)
    fine = tf.reduce_all(tf.math.is_finite(quick))
    return tf.sqrt(tf.cond(fine, lambda: quick, lambda: _squares(tensors, tf.float64)))


def _squares(tensors: list[Any], dtype: tf.DType) -> Any:
    halves = [_half_square(tensor, dtype) for tensor in tensors]
    return 2.0 * tf.cast(tf.stack(halves), tf.float64)


def _half_square(tensor: Any, dtype: tf.DType) -> Any:
    if tensor is None:
        return tf.zeros((), dtype)
    if isinstance(tensor, tf.IndexedSlices):  # the gradient of an embedding
        tensor = tensor.values
    return tf.nn.l2_loss(tf.cast(tensor, dtype))
