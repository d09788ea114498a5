"""The instrumented train step: the user's own, with one row of numbers as an extra output.

The row is laid out in row.py. It is part of the step's graph, so all of it arrives in one array
and costs no extra call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from nanwatch.recorder.capture import Capture, Update, capturing
from nanwatch.recorder.graph import all_finite, is_finite, numbers_of
from nanwatch.recorder.norms import norms
from nanwatch.recorder.penalties import SERIES as PENALTIES
from nanwatch.recorder.replicas import weighted
from nanwatch.recorder.row import Layout
from nanwatch.recorder.seen import series_of

ROW = "__nanwatch__"
"""The key under which the row travels in the step's logs until the recorder takes it out."""


def _nothing_to_do() -> bool:
    return True


class StepProbe:
    """Instruments a model's train step.

    Attributes:
        guard: hold the update back, and undo what the forward pass did to non-trainable state
            (BatchNorm statistics, seeds), when loss or gradients are not finite.
        keep_metrics_clean: undo what such a step did to the metrics too, for trainings that go on.
        before_first_update: called when all variables exist and none was updated yet, until it
            returns True. A model without a declared input is built by its first step and no
            sooner, and the first of its two traces comes before the variables have values.
        layout: what stands where in the row, known once the step was traced.
        updated: the variables that the step updates, in the layout's order.
    """

    def __init__(
        self,
        model: Any,
        guard: bool,
        keep_metrics_clean: bool = False,
        before_first_update: Callable[[], bool] = _nothing_to_do,
    ) -> None:
        self.model = model
        self._before_first_update = before_first_update
        self._announced = False
        self.guard = guard
        self.keep_metrics_clean = keep_metrics_clean
        self.layout = Layout()
        self.updated: list[Any] = []

    def wrap(self, train_step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The same step, watched; the row is added to its logs."""

        @functools.wraps(train_step)
        def watched(data: Any) -> dict[str, Any]:
            before = [(v, tf.identity(v.value)) for v in self._fragile()]
            with capturing(self.model, self._apply) as capture:
                logs = train_step(data)
            loss, gradients = is_finite(capture.loss), _gradients_finite(capture)
            if before:
                tf.cond(loss & gradients, lambda: None, lambda: _restore(before))
            seen = [all_finite(numbers_of(part)) for part in (data, capture.predictions)]
            row = self._row(capture, logs, [*seen, loss, gradients])
            return {**logs, ROW: weighted(row, data)}

        return watched

    def _fragile(self) -> list[Any]:
        """State that a forward pass changes by itself, before any update could be held back."""
        if not self.guard:
            return []
        metrics = self.model.metrics_variables if self.keep_metrics_clean else []
        return [*self.model.non_trainable_variables, *metrics]

    def _apply(self, capture: Capture, update: Update) -> None:
        if not update.optimizer.built:
            update.optimizer.build(update.variables)
        self._announce_first_update()
        measured = _Measured(update)
        capture.measured.append(measured)
        if not self.guard or measured.scaled:
            update.apply(update.gradients, update.variables)
        else:
            finite = is_finite(capture.loss) & measured.finite
            tf.cond(finite, lambda: update.apply(update.gradients, update.variables), lambda: None)

    def _announce_first_update(self) -> None:
        if not self._announced:
            with tf.init_scope():  # out of the graph that is being traced: real values
                self._announced = self._before_first_update()
        if self._announced:
            self._before_first_update = (
                _nothing_to_do  # the step outlives the fit, its recorder not
            )

    def _row(self, capture: Capture, logs: dict[str, Any], flags: list[Any]) -> Any:
        self.updated = [variable for update in capture.updates for variable in update.variables]
        gradients = tf.concat([_nothing(), *(m.norms for m in capture.measured)], 0)
        weights = norms([variable.value for variable in self.updated])
        points = self._points(capture, logs, tf.norm(gradients))
        self.layout = Layout(tuple(points), tuple(v.path for v in self.updated))
        checked = tf.cast(tf.stack([*flags, is_finite(weights)]), tf.float64)
        return tf.concat([checked, _vector(points.values()), gradients, weights], 0)

    def _points(self, capture: Capture, logs: dict[str, Any], norm: Any) -> dict[str, Any]:
        points: dict[str, Any] = {"batch/grad_norm": norm} if capture.measured else {}
        if capture.measured:
            points["batch/learning_rate"] = capture.measured[0].rate
        running = {series_of(k): v for k, v in logs.items() if k not in capture.parts}
        points |= {name: value for name, value in running.items() if _is_number(value)}
        if capture.penalties:
            penalties = [tf.reduce_sum(tf.cast(p, tf.float64)) for p in capture.penalties]
            points[PENALTIES] = tf.add_n(penalties)
        points |= {f"batch/{name}": value for name, value in capture.parts.items()}
        if capture.loss is not None and ("loss" in logs or not capture.parts):
            points["batch/loss"] = capture.loss
        return points


class _Measured:
    """What the row says of one update, taken before the optimizer acts on it."""

    def __init__(self, update: Update) -> None:
        optimizer = update.optimizer
        self.scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        self.rate = tf.identity(getattr(optimizer, "inner_optimizer", optimizer).learning_rate)
        self.norms = norms(update.gradients) / _loss_scale(optimizer)
        self.finite = is_finite(self.norms)


def _gradients_finite(capture: Capture) -> Any:
    checks = [m.finite for m in capture.measured if not m.scaled]
    return tf.reduce_all(tf.stack([tf.constant(True), *checks]))


def _nothing() -> Any:
    return tf.zeros((0,), tf.float64)


def _restore(before: list[tuple[Any, Any]]) -> None:
    for variable, value in before:
        variable.assign(value)


def _is_number(value: Any) -> bool:
    """Whether a log is one number: a step of the user's own may tell texts and arrays as well."""
    if not hasattr(value, "dtype"):
        return isinstance(value, int | float)
    dtype = tf.as_dtype(value.dtype)
    numeric = dtype.is_floating or dtype.is_integer or dtype.is_bool
    return bool(numeric and tf.TensorShape(value.shape).rank == 0)


def _vector(scalars: Iterable[Any]) -> Any:
    """Numbers of any type as a float64 vector: what float32 holds stays exact."""
    tensors = [tf.convert_to_tensor(scalar) for scalar in scalars]
    if any(tensor.dtype != tf.float32 for tensor in tensors):
        tensors = [tf.cast(tensor, tf.float64) for tensor in tensors]
    flat = [t if t.shape.rank == 0 else tf.reduce_mean(t) for t in tensors]
    return tf.cast(tf.stack(flat), tf.float64) if flat else _nothing()


def _loss_scale(optimizer: Any) -> Any:
    """Gradients arrive multiplied by this: for half precision, and divided among replicas."""
    scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer) and optimizer.built
    scale = tf.cast(optimizer.dynamic_scale.value if scales else 1.0, tf.float64)
    return scale / tf.distribute.get_strategy().num_replicas_in_sync
