"""Watches one step of the torch backend while it runs: its row of numbers, and its guard."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import torch

from nanwatch.recorder.base import LARGE, loss_means
from nanwatch.recorder.logs import is_number
from nanwatch.recorder.penalties import SERIES as PENALTIES
from nanwatch.recorder.row import Layout
from nanwatch.recorder.seen import series_of
from nanwatch.recorder.torch_capture import Capture, Update, capturing, floats_of


class TorchProbe:
    """Runs a model's steps and measures them.

    Attributes:
        guard: skip the update, and undo what the forward pass did to non-trainable state
            (BatchNorm statistics, seeds), when loss or gradients are not finite.
        keep_metrics_clean: undo what such a step did to the metrics too, for trainings that go on.
        layout: what stands where in the row of the last step.
        updated: the variables that the last step updated, in order.
        trouble: what kept the last step from being measured, or None.
    """

    def __init__(self, model: Any, guard: bool, keep_metrics_clean: bool) -> None:
        self.model = model
        self.guard = guard
        self.layout = Layout()
        self.updated: list[Any] = []
        self.trouble: Exception | None = None
        self._means = loss_means(model)
        metrics = model.metrics_variables if keep_metrics_clean else []
        self._fragile = [*model.non_trainable_variables, *metrics] if guard else []
        self._measured: list[_Measured] = []

    def run(self, train: Callable[[], Any], batch: Any) -> tuple[Any, Any]:
        """The logs of `train()`, one step over `batch`, and its row; None in case of trouble."""
        self._measured, self.trouble = [], None
        before = [(v, v.value.detach().clone()) for v in self._fragile]
        with capturing(self.model, self._means, self._apply) as capture:
            logs = train()
        try:
            return logs, self._row(capture, logs, batch, before)
        except Exception as error:  # noqa: BLE001 - a door: what cannot be measured must still train
            self.trouble = error
            return logs, None

    def _apply(self, capture: Capture, update: Update) -> None:
        try:
            measured = _Measured(update)
        except Exception as error:  # noqa: BLE001 - a door: what cannot be measured must still train
            self.trouble = error
            update.apply()
            return
        self._measured.append(measured)
        held = self.guard and not measured.scaled
        if not held or (measured.finite and _is_finite(capture.loss)):
            update.apply()

    def _row(self, capture: Capture, logs: Any, batch: Any, before: Any) -> list[float]:
        if self.trouble is not None:
            raise self.trouble
        loss = _is_finite(capture.loss)
        gradients = all(m.finite for m in self._measured if not m.scaled)
        if not (loss and gradients):
            for variable, value in before:
                variable.assign(value)
        self.updated = [variable for m in self._measured for variable in m.variables]
        weights = norms([variable.value for variable in self.updated])
        flags = [_all_finite(floats_of(batch)), _all_finite(capture.predictions), loss, gradients]
        flags.append(
            all(map(math.isfinite, weights)) and all(m.slots_finite() for m in self._measured)
        )
        points = self._points(capture, logs)
        self._lay_out(tuple(points))
        slopes = [norm for measured in self._measured for norm in measured.norms]
        return [*flags, *points.values(), *slopes, *weights]

    def _points(self, capture: Capture, logs: dict[str, Any]) -> dict[str, float]:
        points: dict[str, float] = {}
        if self._measured:
            points["batch/grad_norm"] = math.hypot(*(n for m in self._measured for n in m.norms))
            points["batch/learning_rate"] = self._measured[0].rate
        parts = capture.parts
        running = {series_of(key): value for key, value in logs.items() if key not in parts}
        points |= {name: _number(v) for name, v in running.items() if is_number(v)}
        if capture.penalties:
            points[PENALTIES] = _number(sum(map(torch.sum, capture.penalties)))
        points |= {f"batch/{name}": _number(value) for name, value in parts.items()}
        return points if capture.loss is None else {**points, "batch/loss": _number(capture.loss)}

    def _lay_out(self, points: tuple[str, ...]) -> None:
        """The layout of this row; it stays the same object as long as the names are the same."""
        paths = tuple(variable.path for variable in self.updated)
        if (points, paths) != (self.layout.points, self.layout.variables):
            self.layout = Layout(points, paths)


class _Measured:
    """What the row says of one update, taken before the optimizer acts on it."""

    def __init__(self, update: Update) -> None:
        optimizer = update.optimizer
        self.variables = update.variables
        self.scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        self.rate = _number(optimizer.learning_rate)
        scale = _number(optimizer.dynamic_scale) if self.scaled else 1.0
        self.norms = [norm / scale for norm in norms(update.gradients)]
        self.finite = all(map(math.isfinite, self.norms))
        self._optimizer = optimizer

    def slots_finite(self) -> bool:
        """Whether the optimizer's slots are finite after the update.

        They hold gradients and their squares, so there is no need to look after a small gradient.
        """
        small = math.hypot(*self.norms) < LARGE or not self.finite
        return small or _all_finite(floats_of([v.value for v in self._optimizer.variables]))


def norms(tensors: list[Any]) -> list[float]:
    """Each tensor's Euclidean norm; it is not finite exactly when a member is not.

    The square of a large float32 overflows while the number itself is fine, so the norms are made
    anew in float64 when any of the quick ones overflowed. None counts as 0.
    """
    quick = _norms(tensors, torch.float32)
    return quick if all(map(math.isfinite, quick)) else _norms(tensors, torch.float64)


def _norms(tensors: list[Any], dtype: torch.dtype) -> list[float]:
    if not tensors:
        return []
    found = [_norm(tensor, dtype) for tensor in tensors]
    numbers: list[float] = torch.stack([norm.to(found[0].device) for norm in found]).tolist()
    return numbers


def _norm(tensor: Any, dtype: torch.dtype) -> Any:
    if tensor is None:
        return torch.zeros((), dtype=dtype)
    values = tensor.detach()
    values = values.coalesce().values() if values.is_sparse else values
    return torch.linalg.vector_norm(values, dtype=torch.promote_types(values.dtype, dtype))


def _all_finite(tensors: list[Any]) -> bool:
    return all(map(math.isfinite, norms(tensors)))


def _is_finite(value: Any) -> bool:
    return value is None or math.isfinite(_number(value))


def _number(value: Any) -> float:
    """Any number as a float; the mean of several."""
    numbers = keras.ops.convert_to_numpy(value)
    return float(numbers if numbers.ndim == 0 else numbers.mean())
