"""Whether a layer's weights were ever trained: told by drawing them once more."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

MOST = 200_000
"""A larger variable is not drawn anew."""


def is_fresh(layer: Any) -> bool:
    """Whether a layer's own weights are still those that its initializers drew.

    An initializer of Keras draws the same numbers every time it is asked. A matrix of one value
    throughout has learnt nothing either; biases of 0 prove nothing.
    """
    if is_blank(layer):
        return True
    pairs = [(v, _initializer(layer, v.name)) for v in layer._trainable_variables]
    drawn = [_is_drawn(v, how) for v, how in pairs if how is not None]
    random = [v for v, how in pairs if hasattr(how, "seed") and _is_small(v)]
    return bool(random) and all(drawn)


def is_blank(layer: Any) -> bool:
    """Whether a matrix of the layer's holds one value only: it says the same of everything."""
    return any(_is_blank(variable) for variable in layer._trainable_variables)


def _initializer(layer: Any, name: str) -> Any:
    """How a variable began; None where that is not known, or asking would change a state."""
    if name == "bias" and getattr(layer, "unit_forget_bias", False):
        return None  # an LSTM puts ones among the zeros
    known = getattr(layer, f"{name.removesuffix('_kernel')}_initializer", None)
    known = getattr(layer, f"{name}_initializer", known)
    stateless = isinstance(getattr(known, "seed", 0), int)
    return known if isinstance(known, keras.initializers.Initializer) and stateless else None


def _is_blank(variable: Any) -> bool:
    """Whether a matrix holds one value only."""
    if len(variable.shape) < 2 or np.prod(variable.shape) < 2:
        return False
    values = keras.ops.convert_to_numpy(variable.value)
    return bool(values.min() == values.max())


def _is_small(variable: Any) -> bool:
    return bool(np.prod(variable.shape) <= MOST)


def _is_drawn(variable: Any, initializer: Any) -> bool:
    """Whether a variable holds what its initializer draws; a large one is believed to."""
    if not _is_small(variable):
        return True
    drawn = initializer(variable.shape, dtype=variable.dtype)
    return np.array_equal(
        keras.ops.convert_to_numpy(drawn), keras.ops.convert_to_numpy(variable.value)
    )
