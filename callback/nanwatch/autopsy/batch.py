"""A batch as (inputs, targets, sample weights), and every array in it with its name."""

from __future__ import annotations

from typing import Any

import keras
from keras import tree

from nanwatch.autopsy.arrays import as_numpy, look_at
from nanwatch.diagnosis.case import ArrayLook, Role
from nanwatch.recorder.source import DataSource

ROLES: tuple[Role, Role, Role] = ("input", "target", "sample_weight")


def look_at_batch(model: Any, batch: Any, source: DataSource) -> tuple[ArrayLook, ...]:
    """A look at every array of a batch, with positions in the data set where they are known."""
    looks = []
    for role, part in zip(ROLES, split(batch), strict=True):
        arrays = _present(part)
        names = _names(model, role, part, len(arrays))
        columns = source.column_names if role == "input" and len(arrays) == 1 else ()
        looks += [look_at(role, n, a, columns) for n, a in zip(names, arrays, strict=True)]
    inputs = [as_numpy(array) for array in _present(split(batch)[0])]
    return tuple(_placed(look, source, inputs) for look in looks)


def split(batch: Any) -> tuple[Any, Any, Any]:
    """Inputs, targets, sample weights; what is missing is None."""
    parts: tuple[Any, Any, Any] = keras.utils.unpack_x_y_sample_weight(batch)
    return parts


def _present(part: Any) -> list[Any]:
    return [array for array in tree.flatten(part) if array is not None]


def _names(model: Any, role: Role, part: Any, count: int) -> list[str]:
    if isinstance(part, dict) and len(part) == count:
        return [str(name) for name in sorted(part)]
    known = {"input": "input_names", "target": "output_names"}.get(role, "")
    names = [str(name) for name in getattr(model, known, None) or ()]
    return (
        names
        if len(names) == count
        else [role if count == 1 else f"{role}_{i}" for i in range(count)]
    )


def _placed(look: ArrayLook, source: DataSource, inputs: list[Any]) -> ArrayLook:
    samples = source.positions(inputs, look.rows)
    fields = {name: getattr(look, name) for name in look.__dataclass_fields__}
    return ArrayLook(**{**fields, "samples": samples})
