"""The terms of a step's loss: what each loss object said, and of which rows it is not finite."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import keras
from keras import tree

from nanwatch.autopsy.operands import bad_rows, has_values, mean_of
from nanwatch.diagnosis.looks import LossLook
from nanwatch.recorder.arrays import as_numpy
from nanwatch.recorder.patching import patched


class LossWatch:
    """Remembers every call of a loss object while a step runs, in the user's own step as well."""

    def __init__(self) -> None:
        self._calls: list[tuple[Any, Any, Any, Any]] = []

    def watching(self) -> Any:
        """A block in which the calls of loss objects are remembered."""
        return patched([(keras.losses.Loss, "__call__", self._wrap)])

    def looks(self, model: Any, rows: int) -> tuple[LossLook, ...]:
        """A look at each call, with each row's own loss computed anew."""
        waiting = loss_terms(model)
        named = len(waiting) > 1
        looks = []
        for loss, y_true, y_pred, value in self._calls:
            term = next((term for term in waiting if term.loss is loss), None)
            if term is not None:
                waiting.remove(term)
            output = term.name if named and term is not None else ""
            looks.append(_look(loss, output, value, _rows(loss, y_true, y_pred, rows)))
        return tuple(looks)

    def _wrap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(loss: Any, y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            value = original(loss, y_true, y_pred, *args, **kwargs)
            if has_values(value):
                self._calls.append((loss, y_true, y_pred, value))
            return value

        return call


def loss_terms(model: Any) -> list[Any]:
    """Keras' entries of the losses of a compiled model, one an output that has a loss.

    Each has a `loss`, its `loss_weights` and the output's `name`; [] before the first step, and
    for a train step that computes its losses by itself.
    """
    return list(getattr(getattr(model, "_compile_loss", None), "_flat_losses", None) or ())


def _look(loss: Any, output: str, value: Any, rows: tuple[int, ...]) -> LossLook:
    # Keras wraps a function, or a loss that is given by its string
    wraps = type(loss).__name__ == "LossFunctionWrapper"
    kind = getattr(loss.fn, "__name__", "") if wraps else type(loss).__name__
    return LossLook(output, kind, _is_own(loss), mean_of(value), rows)


def _is_own(loss: Any) -> bool:
    """Whether a loss is the user's own: its class, or the function that it wraps."""
    function = getattr(loss, "fn", None)
    made = function if inspect.isroutine(function) else type(function or loss)
    module = str(getattr(made, "__module__", ""))
    return not f"{module}.".startswith(("keras.", "keras.src."))


def _rows(loss: Any, y_true: Any, y_pred: Any, rows: int) -> tuple[int, ...]:
    """The rows whose own loss is not finite; none where the loss speaks of the batch only."""
    try:
        given = tree.map_structure(
            lambda part: keras.ops.convert_to_tensor(part, dtype=loss.dtype), (y_true, y_pred)
        )
        return bad_rows(as_numpy(loss.call(*given)), rows)
    except Exception:  # noqa: BLE001 - a door: the user's loss may refuse to be called by itself
        return ()
