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

from nanwatch.recorder.row_search import find_rows

MAX_FRAMES = 30
NEAR = 6


@dataclass
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

    def let_go(self) -> None:
        """The fit is over: its arrays are no longer held, however long the callback lives."""
        self.inputs, self.whole, self.validation = (), None, None

    def positions(self, batch_inputs: list[NDArray[Any]], rows: tuple[int, ...]) -> tuple[int, ...]:
        """Where the batch's `rows` stand in the data set; () unless every one is found."""
        if not rows or len(batch_inputs) != len(self.inputs):
            return ()
        return find_rows([array[list(rows)] for array in batch_inputs], self.inputs)


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
    x, y, weight = (_unframed(given.get(name)) for name in ("x", "y", "sample_weight"))
    callbacks = given.get("callbacks")  # the list that fit makes for itself
    anchor = None if callbacks is None or isinstance(callbacks, list) else weakref.ref(callbacks)
    inputs, weights = _arrays(x), given.get("class_weight")
    validation = (_unframed(given.get(f"val_{name}")) for name in ("x", "y", "sample_weight"))
    return DataSource(
        inputs,
        _column_names(given.get("x")),
        anchor,
        "arrays" if inputs else type(x).__name__,
        _in_memory(x, y, weight),
        _in_memory(*validation),
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


def _unframed(part: Any) -> Any:
    """The same with arrays in place of tables, which may have to be copied for that."""
    return tree.map_structure(lambda leaf: np.asarray(leaf) if _is_table(leaf) else leaf, part)


def _arrays(x: Any) -> tuple[NDArray[Any], ...]:
    parts = tree.flatten(x)
    if not all(map(_is_array, parts)):
        return ()
    try:
        return tuple(map(np.asarray, parts))
    except (TypeError, RuntimeError):  # torch: on another device, or part of a graph
        return ()


def _in_memory(*parts: Any) -> Any:
    """Inputs, targets and sample weights as a batch holds them; None unless all are arrays."""
    leaves = [leaf for leaf in tree.flatten(parts) if leaf is not None]
    return parts if leaves and all(map(_is_array, leaves)) else None


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
