"""A look at every array of a batch: what is not finite, where, and on which scale the rest lies."""

from __future__ import annotations

from typing import Any

from nanwatch.autopsy.arrays import look_at
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.recorder.arrays import as_numpy, named_arrays
from nanwatch.recorder.source import DataSource


def look_at_batch(model: Any, batch: Any, source: DataSource) -> tuple[ArrayLook, ...]:
    """A look at every array of a batch, with positions in the data set where they are known."""
    arrays = named_arrays(model, batch)
    columns = source.column_names if sum(a.role == "input" for a in arrays) == 1 else ()
    looks = [look_at(a.role, a.name, a.array, columns if a.role == "input" else ()) for a in arrays]
    inputs = [as_numpy(a.array) for a in arrays if a.role == "input"]
    return tuple(_placed(look, source, inputs) for look in looks)


def _placed(look: ArrayLook, source: DataSource, inputs: list[Any]) -> ArrayLook:
    samples = source.positions(inputs, look.rows)
    fields = {name: getattr(look, name) for name in look.__dataclass_fields__}
    return ArrayLook(**{**fields, "samples": samples})
