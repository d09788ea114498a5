"""The offending step once more, slowly: what was finite where, and in which order.

The train step runs eagerly over the batch with the weights before the step; layers, losses and
gradients are watched on the way and no update is made. What the forward pass changes
(BatchNorm statistics, seeds, metrics) is put back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import tree

from nanwatch.autopsy.batch import look_at_batch
from nanwatch.autopsy.steps import Slopes, slopes_of
from nanwatch.diagnosis.case import Autopsy
from nanwatch.diagnosis.looks import LayerLook, VariableLook
from nanwatch.recorder.arrays import as_numpy
from nanwatch.recorder.naming import layer_of
from nanwatch.recorder.patching import patched
from nanwatch.recorder.snapshot import Snapshot
from nanwatch.recorder.source import DataSource


def dissect(model: Any, batch: Any, source: DataSource, update_finite: bool = True) -> Autopsy:
    """Take the step over `batch` apart; the model is left as it was.

    Args:
        update_finite: whether the weights were finite after the update, which is not repeated.
    """
    arrays = look_at_batch(model, batch, source)
    before = Snapshot(model, 0)
    layers = LayerWatch(model)
    try:
        with layers.watching():
            slopes = slopes_of(model, batch)
        penalty = sum((_number(loss) for loss in model.losses), 0.0)
    finally:
        before.restore()
    return Autopsy(
        arrays=arrays,
        layers=tuple(layers.looks),
        variables=_variables(model, slopes),
        predictions_finite=layers.predictions_finite,
        loss=math.nan if slopes.loss is None else _number(slopes.loss),
        penalty=penalty,
        update_finite=update_finite,
    )


def glance(model: Any, batch: Any, source: DataSource, update_finite: bool = True) -> Autopsy:
    """A look at the batch and the weights alone, for a step that cannot be taken apart."""
    weights = Slopes(None, [(variable, None) for variable in model.trainable_variables])
    return Autopsy(
        arrays=look_at_batch(model, batch, source),
        variables=_variables(model, weights),
        update_finite=update_finite,
    )


class LayerWatch:
    """Looks at what goes into and comes out of every layer and operation.

    Attributes:
        looks: one a call, in the order in which the calls returned: an inner layer comes before
            the layer that holds it.
    """

    def __init__(self, model: Any) -> None:
        self.looks: list[LayerLook] = []
        self.predictions_finite = True
        self._model = model

    def watching(self) -> Any:
        """A block in which every layer's call is looked at."""
        layer, operation = keras.layers.Layer, keras.Operation
        return patched([(layer, "__call__", self._wrap), (operation, "__call__", self._wrap_bare)])

    def _wrap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            output = original(layer, *args, **kwargs)
            self._look(layer, (args, kwargs), output)
            return output

        return call

    def _wrap_bare(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Operations that are no layers; a layer's own call passes through here as well."""
        watched = self._wrap(original)

        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            chosen = original if isinstance(operation, keras.layers.Layer) else watched
            return chosen(operation, *args, **kwargs)

        return call

    def _look(self, layer: Any, given: Any, output: Any) -> None:
        arrays = _concrete(output)
        if not arrays:
            return
        finite = all(map(_finite, arrays))
        if layer is self._model:
            self.predictions_finite = finite
            return
        largest = max(map(_largest, arrays))
        fed_finite = all(map(_finite, _concrete(given)))
        self.looks.append(LayerLook(layer.name, type(layer).__name__, fed_finite, finite, largest))


def _concrete(structure: Any) -> list[Any]:
    """The floating-point arrays in a structure that have values (not symbols of a graph)."""
    tensors = [
        leaf for leaf in tree.flatten(structure) if hasattr(leaf, "dtype") and _has_values(leaf)
    ]
    arrays = [as_numpy(tensor) for tensor in tensors]
    return [array.astype(np.float64) for array in arrays if array.dtype.kind in "fV" and array.size]


def _has_values(tensor: Any) -> bool:
    """Whether this is a tensor of TensorFlow or torch, or an array of NumPy or JAX, no symbol."""
    return hasattr(tensor, "numpy") or isinstance(tensor, np.ndarray) or _is_jax_array(tensor)


def _is_jax_array(tensor: Any) -> bool:
    return type(tensor).__module__.startswith("jaxlib")


def _finite(array: Any) -> bool:
    return bool(np.isfinite(array).all())


def _largest(array: Any) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 0.0


def _variables(model: Any, slopes: Slopes) -> tuple[VariableLook, ...]:
    return tuple(
        _variable_look(layer_of(variable.path, model.name), variable, gradient)
        for variable, gradient in slopes.gradients
    )


def _variable_look(layer: str, variable: Any, gradient: Any) -> VariableLook:
    weights = keras.ops.convert_to_numpy(variable.value).astype(np.float64)
    slope = np.zeros(1) if gradient is None else as_numpy(gradient).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return VariableLook(
            variable.path,
            layer,
            _finite(weights),
            float(np.linalg.norm(weights)),
            _finite(slope),
            float(np.linalg.norm(slope)),
        )


def _number(value: Any) -> float:
    return float(np.mean(keras.ops.convert_to_numpy(value).astype(np.float64)))
