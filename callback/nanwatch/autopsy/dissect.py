"""The offending step once more, slowly: what was finite where, and in which order.

The train step runs eagerly over the batch with the weights before the step; layers, losses,
gradients and, on TensorFlow, single operations are watched on the way. What the step changes is
put back.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import tree

from nanwatch.autopsy.arrays import look_at
from nanwatch.autopsy.batch import look_at_batch
from nanwatch.autopsy.layers import LayerWatch
from nanwatch.autopsy.operands import mean_of
from nanwatch.autopsy.steps import Slopes, slopes_of
from nanwatch.autopsy.terms import LossWatch
from nanwatch.describe_weights import is_fresh
from nanwatch.diagnosis.case import Autopsy
from nanwatch.diagnosis.looks import ArrayLook, OperationLook, VariableLook
from nanwatch.recorder.arrays import as_numpy
from nanwatch.recorder.naming import layer_of
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource

if TYPE_CHECKING:
    from nanwatch.autopsy.operations import OperationWatch


def dissect(model: Any, batch: Any, source: DataSource, update_finite: bool = True) -> Autopsy:
    """Take the step over `batch` apart; the model is left as it was.

    Where the step raises, what was seen until then is told.

    Args:
        update_finite: whether the weights were finite after the update; where they were not, the
            update is made once more, and undone.
    """
    arrays = look_at_batch(model, batch, source)
    before = Snapshot(model, 0)
    step = _Step(model, batch)
    try:
        step.run(with_update=not update_finite)
        terms = step.losses.looks(model, step.rows)
        penalty = sum((mean_of(loss) for loss in model.losses), 0.0)
    finally:
        before.restore()
    operation, risks = step.operations_at_fault()
    return Autopsy(
        arrays=arrays,
        layers=tuple(step.layers.looks),
        variables=_variables(model, step.slopes),
        predictions_finite=step.layers.predictions_finite,
        loss=math.nan if step.slopes.loss is None else mean_of(step.slopes.loss),
        penalty=penalty,
        update_finite=update_finite,
        predictions=looks_of_predictions(model, step.layers.predictions),
        terms=terms,
        operation=operation,
        risks=risks,
        near=step.operations.near if step.operations else (),
        crossed=step.operations.crossed if step.operations else None,
        untrained=_untrained(model),
        raised=step.raised,
    )


class _Step:
    """The step, run once under all watches.

    Attributes:
        rows: how many rows the batch has.
        slopes: the loss and the gradients; no loss where the step raised.
        raised: what it raised, "" for nothing.
    """

    def __init__(self, model: Any, batch: Any) -> None:
        self._model = model
        self._batch = batch
        self.rows = _rows_of(batch)
        self.layers = LayerWatch(model)
        self.losses = LossWatch()
        self.operations = operation_watch(self.rows, self.layers.running)
        self.slopes = Slopes(None, [(variable, None) for variable in model.trainable_variables])
        self.raised = ""

    def run(self, with_update: bool) -> None:
        """Run it, with the optimizer's part if that is to be looked at as well."""
        single = self.operations.watching() if self.operations else contextlib.nullcontext()
        try:
            with single, self.layers.watching(), self.losses.watching():
                self.slopes = slopes_of(self._model, self._batch)
                if with_update and self.operations and _can_update(self._model):
                    self.operations.updating = True
                    self.slopes.update()
        except Exception as error:  # noqa: BLE001 - a door: what the user's step raises is evidence
            self.raised = f"{type(error).__name__}: {error}"

    def operations_at_fault(self) -> tuple[OperationLook | None, tuple[OperationLook, ...]]:
        """The operation that the failure comes from, and those that may be behind it."""
        if self.operations is None:
            return None, ()
        self.operations.settle([output for _, output in self.layers.outermost])
        origins = (self.slopes.loss, [gradient for _, gradient in self.slopes.gradients])
        found = next(filter(None, map(self.operations.origin, origins)), None)
        found = found or self.operations.first("step")
        return found, self.operations.risks(found)


def operation_watch(rows: int, running: list[str]) -> OperationWatch | None:
    """A watch for single operations; None on a backend, or a TensorFlow, that tells of none."""
    if keras.backend.backend() != "tensorflow":
        return None
    try:
        from nanwatch.autopsy.operations import OperationWatch
    except ImportError:  # a TensorFlow that keeps its callbacks elsewhere
        return None
    return OperationWatch(rows, running)


def _can_update(model: Any) -> bool:
    return bool(model.optimizer.built)


def _rows_of(batch: Any) -> int:
    arrays = [array for array in tree.flatten(batch) if array is not None]
    shape = list(getattr(arrays[0], "shape", ())) if arrays else []
    return int(shape[0] or 0) if shape else 0


def looks_of_predictions(model: Any, outputs: Any) -> tuple[ArrayLook, ...]:
    """A look at each of a model's outputs, by its name."""
    arrays = tree.flatten(outputs) if outputs is not None else []
    names = sorted(outputs) if isinstance(outputs, dict) else getattr(model, "output_names", None)
    if names is None or len(names) != len(arrays):
        names = [f"output_{i}" for i in range(len(arrays))] if len(arrays) > 1 else ["output"]
    pairs = zip(names, arrays, strict=False)
    return tuple(look_at("prediction", str(name), array) for name, array in pairs)


def _variables(model: Any, slopes: Slopes) -> tuple[VariableLook, ...]:
    return tuple(
        _variable_look(layer_of(variable.path, model.name), variable, gradient)
        for variable, gradient in slopes.gradients
    )


def _untrained(model: Any) -> tuple[VariableLook, ...]:
    """The variables of layers that may learn and hold what their initializers drew."""
    layers = filter(is_fresh, model._flatten_layers(include_self=False))
    fresh = {id(v) for layer in layers for v in layer._trainable_variables}
    variables = [v for v in model.trainable_variables if id(v) in fresh]
    return tuple(_variable_look(layer_of(v.path, model.name), v, None) for v in variables)


def _variable_look(layer: str, variable: Any, gradient: Any) -> VariableLook:
    weights = keras.ops.convert_to_numpy(variable.value).astype(np.float64)
    slope = np.zeros(1) if gradient is None else as_numpy(gradient).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return VariableLook(
            variable.path,
            layer,
            bool(np.isfinite(weights).all()),
            float(np.linalg.norm(weights)),
            bool(np.isfinite(slope).all()),
            float(np.linalg.norm(slope)),
            size=weights.size,
            constant=bool(np.ptp(weights) == 0) if weights.size else False,
            connected=gradient is not None,
        )
