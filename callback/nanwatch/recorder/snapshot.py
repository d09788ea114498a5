"""A copy of everything that a training changes, to go back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

COPIES = 3
"""Snapshots that are held at a time: of the beginning, of a recent healthy step, and one being
made or that of a failing step."""


class Snapshot:
    """The values of a model's variables and its optimizers' at one moment.

    Weights, BatchNorm statistics, seeds, optimizer slots, iteration counts and metrics: a replay
    from here takes the same course, dropout included. What has no value yet, as while a first step
    is traced, is left out.

    Attributes:
        step: the global step that comes next after this state.
    """

    def __init__(self, model: Any, step: int) -> None:
        fill_variables(model)
        self.step = step
        self._model = model
        held = [variable for variable in _state(model) if _has_value(variable)]
        self._values = [(variable, np.array(variable.numpy())) for variable in held]
        replicas = [copy for variable in held for copy in _copies(variable)]
        self._copies = [(copy, np.array(copy.numpy())) for copy in replicas]

    @property
    def values(self) -> list[tuple[Any, NDArray[Any]]]:
        """Each variable with its value at that moment."""
        return self._values

    @property
    def nbytes(self) -> int:
        """The memory that the copy takes."""
        return sum(value.nbytes for _, value in self._values)

    @property
    def finite(self) -> bool:
        """Whether every floating-point value is finite, but for the metrics, which may show NaN."""
        metrics = {id(variable) for variable in self._model.metrics_variables}
        return all(_finite(value) for v, value in self._values if id(v) not in metrics)

    def restore(self) -> None:
        """Put every value back. Optimizer slots made since then go back to zero."""
        fill_variables(self._model)
        for variable, value in [*self._values, *self._copies]:
            variable.assign(value)
        known = {id(variable) for variable, _ in self._values}
        for variable in _slots(self._model):
            if id(variable) not in known:
                variable.assign(np.zeros(variable.shape, variable.dtype))


def fill_variables(model: Any) -> None:
    """Give the variables their values: in a fit on JAX these travel in its steps' state."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def has_values(model: Any) -> bool:
    """Whether every variable has a value yet; while a step is traced, a new one has none."""
    return all(map(_has_value, _state(model)))


def _has_value(variable: Any) -> bool:
    check = getattr(variable.value, "is_initialized", None)
    return check is None or bool(check())


def weights_finite(model: Any) -> bool:
    """Whether every number in the trainable weights is finite."""
    fill_variables(model)
    return all(_finite(variable.numpy()) for variable in model.trainable_variables)


def state_bytes(model: Any) -> int:
    """How much memory a snapshot of the model would take."""
    return sum(_bytes_of(variable) * (1 + len(_copies(variable))) for variable in _state(model))


def optimizers_of(model: Any) -> list[Any]:
    """Every optimizer that the model holds, by itself or in a list or dictionary, each once."""
    held = [one for value in vars(model).values() for one in _members(value)]
    found = [one for one in held if isinstance(one, keras.optimizers.Optimizer)]
    return list({id(optimizer): optimizer for optimizer in found}.values())


def inner_optimizers(model: Any) -> list[Any]:
    """The same; of one that scales the loss, the one that it wraps."""
    return [getattr(optimizer, "inner_optimizer", optimizer) for optimizer in optimizers_of(model)]


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else [value]


def _bytes_of(variable: Any) -> int:
    return int(np.prod(variable.shape)) * np.dtype(_numpy_type(variable.dtype)).itemsize


def _numpy_type(dtype: str) -> str:
    return "float16" if dtype == "bfloat16" else dtype


def _state(model: Any) -> list[Any]:
    held = [*model.variables, *model.metrics_variables, *_slots(model)]
    return list({id(variable): variable for variable in held}.values())


def _copies(variable: Any) -> tuple[Any, ...]:
    """Each replica's own copy under a distribution strategy: BatchNorm statistics differ there."""
    copies = getattr(variable.value, "values", ())
    return copies if isinstance(copies, tuple) else ()


def _slots(model: Any) -> list[Any]:
    return [variable for optimizer in optimizers_of(model) for variable in optimizer.variables]


def _finite(value: NDArray[Any]) -> bool:
    return value.dtype.kind not in "fV" or bool(np.isfinite(value).all())  # V: bfloat16
