"""The arrays that were given to `fit`: where a batch's rows stand in the data set.

Keras hands a callback no data. The arrays are found in the frame of the running `fit`, read only,
so that a diagnosis can say "row 271, column bill_length_mm" and not just "row 15 of the batch".
A data set that is not an array in memory simply has no positions to tell.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np
from keras import tree
from numpy.typing import NDArray

MAX_FRAMES = 30
NEAR = 6
MAX_CELLS = 200_000_000


@dataclass(frozen=True)
class DataSource:
    """What is known of the data set behind the batches.

    Attributes:
        anchor: an object that lives exactly as long as the fit's frame, or None.
        inputs: the input arrays in Keras' order, () when they are not arrays in memory.
        column_names: the names of the first input's columns, () when they have none.
        kind: what the data come from: "arrays" in memory, else the class of the stream.
        whole: inputs, targets and sample weights of the whole data set, as a batch holds them;
            None when they are not arrays in memory.
        validation: the same of the validation data.
        class_weight: the weights of the classes that were given to `fit`.
    """

    inputs: tuple[NDArray[Any], ...] = ()
    column_names: tuple[str, ...] = ()
    anchor: weakref.ref[Any] | None = None
    kind: str = ""
    whole: Any = None
    validation: Any = None
    class_weight: Mapping[Any, Any] | None = None

    def positions(self, batch_inputs: list[NDArray[Any]], rows: tuple[int, ...]) -> tuple[int, ...]:
        """Where the batch's `rows` stand in the data set; () unless every one is found."""
        if len(batch_inputs) != len(self.inputs) or not rows:
            return ()
        found = [self._position([array[row] for array in batch_inputs]) for row in rows]
        return tuple(at for at in found if at is not None) if None not in found else ()

    def _position(self, cells: list[NDArray[Any]]) -> int | None:
        same: NDArray[np.bool_] | None = None
        for array, cell in zip(self.inputs, cells, strict=True):
            if array.size > MAX_CELLS or array.shape[1:] not in (cell.shape, cell.shape[:-1]):
                return None
            matches = _equal_rows(array, cell)
            same = matches if same is None else same & matches
        hits = np.flatnonzero(same) if same is not None else np.zeros(0, int)
        return int(hits[0]) if len(hits) else None


class RunningFit:
    """The `fit` of `model` that is running now in this thread, to be told from a later one."""

    def __init__(self, model: Any) -> None:
        frame = _fit_frame(model)
        self._id = id(frame)  # not the frame: that would keep the user's data alive
        self._code = frame.f_code if frame is not None else None

    def is_another(self) -> bool:
        """Whether a train function is now called from another run of the same `fit`."""
        frame: FrameType | None = sys._getframe(1)
        for _ in range(NEAR):
            if frame is None or frame.f_code is self._code:
                break
            frame = frame.f_back
        return frame is not None and frame.f_code is self._code and id(frame) != self._id

    def encloses(self) -> bool:
        """Whether this thread is still inside of that run: one of its callbacks is at work."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and id(frame) != self._id:
            frame = frame.f_back
        return frame is not None


def fit_source(model: Any) -> DataSource:
    """The data of the `fit` of `model` that is running now in this thread."""
    frame = _fit_frame(model)
    if frame is None:
        return DataSource()
    given = dict(frame.f_locals)
    x = given.get("x")
    callbacks = given.get("callbacks")  # the list that fit makes for itself
    anchor = None if callbacks is None or isinstance(callbacks, list) else weakref.ref(callbacks)
    inputs, weights = _arrays(x), given.get("class_weight")
    return DataSource(
        inputs,
        _column_names(x),
        anchor,
        "arrays" if inputs else type(x).__name__,
        _in_memory(x, given.get("y"), given.get("sample_weight")),
        _in_memory(*(given.get(f"val_{name}") for name in ("x", "y", "sample_weight"))),
        weights if isinstance(weights, Mapping) else None,
    )


def _fit_frame(model: Any) -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    for _ in range(MAX_FRAMES):
        if frame is None:
            return None
        if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model:
            return frame
        frame = frame.f_back
    return None


def _arrays(x: Any) -> tuple[NDArray[Any], ...]:
    parts = [x] if _is_table(x) else tree.flatten(x)
    if not parts or not all(_is_table(part) or _is_array(part) for part in parts):
        return ()
    return tuple(np.asarray(part) for part in parts)


def _in_memory(*parts: Any) -> Any:
    """Inputs, targets and sample weights as a batch holds them; None unless all are arrays."""
    leaves = [leaf for leaf in tree.flatten(parts) if leaf is not None]
    if not leaves or not all(_is_table(leaf) or _is_array(leaf) for leaf in leaves):
        return None
    return tree.map_structure(lambda leaf: np.asarray(leaf) if _is_table(leaf) else leaf, parts)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and getattr(value, "ndim", 0) >= 1


def _is_table(value: Any) -> bool:
    return hasattr(value, "columns") and hasattr(value, "iloc")


def _column_names(x: Any) -> tuple[str, ...]:
    if _is_table(x):
        return tuple(str(name) for name in x.columns)
    if isinstance(x, Mapping) and len(x) == 1:
        return _column_names(next(iter(x.values())))
    return ()


def _equal_rows(array: NDArray[Any], cell: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows hold just these cells, NaN equal to NaN, once cast as Keras casts a batch."""
    if array.dtype == object:
        array = array.astype(cell.dtype)
    flat = array.astype(cell.dtype, copy=False).reshape(len(array), -1)
    wanted = cell.reshape(1, -1)
    same = flat == wanted
    if cell.dtype.kind == "f":
        same |= np.isnan(flat) & np.isnan(wanted)
    return np.asarray(same.all(axis=1))
