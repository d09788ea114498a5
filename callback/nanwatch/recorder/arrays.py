"""The arrays of a batch, each with its role and the name under which a user knows it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import keras
import numpy as np
from keras import tree
from numpy.typing import NDArray

Role = Literal["input", "target", "sample_weight"]
ROLES: tuple[Role, Role, Role] = ("input", "target", "sample_weight")

AUTOMATIC = ("keras_tensor", "input_layer")
"""So begin the names that Keras gives to inputs that have none."""


class NamedArray(NamedTuple):
    """One array of a batch, of shape (rows, ...)."""

    role: Role
    name: str
    array: Any


def split(batch: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets, sample weights; what is missing is None."""
    parts: tuple[Any, Any, Any] = keras.utils.unpack_x_y_sample_weight(batch)
    return parts


def named_arrays(model: Any, batch: Any) -> list[NamedArray]:
    """Every array of a batch, inputs first."""
    return [
        NamedArray(role, name, array)
        for role, part in zip(ROLES, split(batch), strict=True)
        for name, array in _named(model, role, part)
    ]


def _named(model: Any, role: Role, part: Any) -> list[tuple[str, Any]]:
    arrays = present(part)
    return list(zip(_names(model, role, part, len(arrays)), arrays, strict=True))


def present(part: Any) -> list[Any]:
    """The arrays of one part of a batch, without those that are None."""
    return [array for array in tree.flatten(part) if array is not None]


def _names(model: Any, role: Role, part: Any, count: int) -> list[str]:
    if isinstance(part, dict) and len(part) == count:
        return [str(name) for name in sorted(part)]
    names = [name for name in _known(model, role) if not name.startswith(AUTOMATIC)]
    if len(names) == count:
        return names
    return [role] if count == 1 else [f"{role}_{i}" for i in range(count)]


def _known(model: Any, role: Role) -> list[str]:
    """How the user named the model's inputs or outputs; models without a graph have no names."""
    if role == "input":
        return [str(tensor.name) for tensor in getattr(model, "inputs", None) or ()]
    return list(getattr(model, "output_names", None) or ()) if role == "target" else []


def as_numpy(array: Any) -> NDArray[Any]:
    """The numbers of a tensor; of a ragged or sparse one, those that it holds."""
    for flat in ("flat_values", "values"):
        inner = getattr(array, flat, None)
        if inner is not None and not callable(inner):
            return np.asarray(inner)
    if hasattr(array, "detach"):  # torch: gradients may hang on it, and it may be on a GPU
        return np.asarray(keras.ops.convert_to_numpy(array))
    return np.asarray(array)
