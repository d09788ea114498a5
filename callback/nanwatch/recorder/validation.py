"""Watches the validation of a fit: which batch spoilt its loss, and what its steps raise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from nanwatch.recorder.arrays import present, split
from nanwatch.recorder.culprit import culprit
from nanwatch.recorder.seen import original_of
from nanwatch.recorder.standin import StandIn
from nanwatch.recorder.step import ROW
from nanwatch.recorder.watched import END, WatchedFunction, fetch

KEPT = "_nanwatch_watched"


class ValidationWatch:
    """Stands in for `model.test_function` from the begin to the end of each validation.

    The loss that a test step reports is a running mean: it turns NaN with the batch that spoils
    it, so nothing more is computed than Keras itself computes, but for a look at whether the inputs
    are finite: a loss may stay finite where they are not.

    Args:
        on_error: called with the number of the batch, the batch and what its step raised.

    Attributes:
        failure: number and batch of the first step whose loss was not finite, None without one.
        unsound: the first batch with inputs that are not finite, None without one.
    """

    def __init__(self, model: Any, on_error: Callable[[int, Any, BaseException], None]) -> None:
        self.failure: tuple[int, Any] | None = None
        self.unsound: Any = None
        self._model = model
        self._on_error = on_error
        self._own: Any = None
        self._standin: StandIn | None = None
        self._watched: Any = None
        self._index = 0

    def begin(self) -> None:
        """Put the watched function in place: Keras has made its own by now."""
        self._index = 0
        self._own = original_of(self._model.test_function)
        if self._own is None or self.failure is not None:
            return
        self._watched = getattr(self._own, KEPT, None) or WatchedFunction(
            self._model, "test", _with_loss, flags=0
        )
        self._standin = StandIn(self._model, "test_function", self._run, self.end)

    def end(self) -> None:
        """Put the model's own function back."""
        if self._standin is not None:
            self._standin.leave()
            self._standin = None

    def _run(self, iterator: Any) -> Any:
        """Make the steps of one execution."""
        logs, left = None, self._model.steps_per_execution
        while left > 0:
            batches, end = fetch(iterator, self._watched.group(left))
            if batches:
                logs = self._step(batches, iterator)
            if end is not None:
                return self._end(end, logs)
            left -= len(batches)
        return logs

    def _step(self, batches: list[Any], iterator: Any) -> Any:
        try:
            proven = self._watched.proven
            rows, logs = self._watched.run(batches) if proven else self._first(batches, iterator)
        except (Exception, KeyboardInterrupt) as error:
            index = culprit(self._model, self._watched.run, batches, error)
            self._on_error(self._index + index, batches[index], error)
            raise
        for batch, row in zip(batches, rows, strict=True):
            if row is not None:
                self._judge(batch, *row)
            self._index += 1
        return logs

    def _first(self, batches: list[Any], iterator: Any) -> Any:
        """It traces: should that fail through us, the user's own steps run instead."""
        try:
            self._watched.trace(getattr(iterator, "element_spec", None))
            made = self._watched.run(batches)
        except Exception:  # noqa: BLE001 - a step that cannot be watched must still run
            logs = self._own(iter(batches))
            self.end()
            return [None], logs
        setattr(self._own, KEPT, self._watched)
        return made

    def _judge(self, batch: Any, loss: float, sound: float) -> None:
        if self.failure is None and not np.isfinite(loss):
            self.failure = (self._index, batch)
        if self.unsound is None and not sound:
            self.unsound = batch

    def _end(self, end: Exception, logs: Any) -> Any:
        """The pipeline gave no further batch."""
        if isinstance(end, END) and logs is not None:
            return logs
        if not isinstance(end, END):
            self._on_error(self._index, None, end)
        raise end


def _with_loss(test_step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same step, with its running loss, and whether its inputs are finite, as the row."""

    @functools.wraps(test_step)
    def watched(data: Any) -> dict[str, Any]:
        logs = test_step(data)
        loss = tf.reduce_mean(tf.cast(logs.get("loss", 0.0), tf.float64))
        return {**logs, ROW: tf.stack([loss, tf.cast(_sound(data), tf.float64)])}

    return watched


def _sound(data: Any) -> Any:
    """Whether the inputs of a batch are finite, as far as they are plain numbers."""
    inputs = present(split(data)[0])
    numbers = [x for x in inputs if isinstance(x, tf.Tensor)]
    finite = [tf.reduce_all(tf.math.is_finite(x)) for x in numbers if x.dtype.is_floating]
    return tf.reduce_all(tf.stack(finite)) if finite else True
