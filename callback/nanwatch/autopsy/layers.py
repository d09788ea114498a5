"""What every layer makes of the offending batch, watched while the step runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import tree
from numpy.typing import NDArray

from nanwatch.autopsy.operands import has_values
from nanwatch.diagnosis.looks import LayerLook
from nanwatch.recorder.arrays import as_numpy
from nanwatch.recorder.patching import patched

Array = NDArray[Any]

FEWEST_ROWS, MOST_CELLS = 4, 200_000
"""Of large outputs only some rows are described closely; all are asked whether they are finite."""

FLAT = {"tanh": lambda y: np.abs(y) > 0.99, "sigmoid": lambda y: np.abs(y - 0.5) > 0.49}
"""Where an activation function has next to no slope, told by what it puts out."""

ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}
"""Layers that are nothing but an activation function."""


class LayerWatch:
    """Looks at what goes into and comes out of every layer and operation.

    Attributes:
        looks: one a call, in the order in which the calls returned: an inner layer comes before
            the layer that holds it. The model itself has none.
        outermost: name and output of every layer or model that no other one called.
        running: the layers that are being called just now, the outermost first.
    """

    def __init__(self, model: Any) -> None:
        self.looks: list[LayerLook] = []
        self.outermost: list[tuple[Any, Any]] = []
        self.running: list[str] = []
        self._model = model
        self._makers: dict[int, str] = {}
        self._made: list[Any] = []  # an identity holds only as long as its object lives

    @property
    def predictions(self) -> Any:
        """What the model put out last; of a step that calls its parts alone, its only part."""
        own = [output for layer, output in self.outermost if layer is self._model]
        if own:
            return own[-1]
        callers = {id(layer) for layer, _ in self.outermost}
        return self.outermost[-1][1] if len(callers) == 1 else None

    @property
    def predictions_finite(self) -> bool:
        """Whether everything that left the model, or a part that was called by itself, is."""
        return all(map(_finite, _concrete([output for _, output in self.outermost])))

    def watching(self) -> Any:
        """A block in which every layer's call is looked at."""
        layer, operation = keras.layers.Layer, keras.Operation
        return patched([(layer, "__call__", self._wrap), (operation, "__call__", self._wrap_bare)])

    def _wrap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            self.running.append(layer.name)
            try:
                output = original(layer, *args, **kwargs)
            finally:
                self.running.pop()
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
        if not self.running:
            self.outermost.append((layer, output))
        if layer is not self._model:
            look = _layer_look(layer, _concrete(given), arrays, self._is_untracked(layer))
            self.looks.append(replace(look, after=self._maker(given)))
        self._remember(layer, output)

    def _maker(self, given: Any) -> str:
        """The layer that made one of these tensors, "" where none did."""
        makers = (self._makers.get(id(tensor), "") for tensor in tree.flatten(given))
        return next(filter(None, makers), "")

    def _remember(self, layer: Any, output: Any) -> None:
        for tensor in tree.flatten(output):  # an inner layer returns first, and counts
            self._makers.setdefault(id(tensor), layer.name)
            self._made.append(tensor)

    def _is_untracked(self, layer: Any) -> bool:
        """Whether it has weights to train that Keras does not find from the model.

        It finds layers that are attributes of a layer, or stand there in lists and dictionaries.
        """
        own = getattr(layer, "trainable_variables", None) or ()
        known = {id(variable) for variable in self._model.variables}
        return any(id(variable) not in known for variable in own)


def _layer_look(layer: Any, given: list[Array], arrays: list[Array], untracked: bool) -> LayerLook:
    """A look at one call; of several outputs the first one is described closely."""
    output, activation = _some_rows(arrays[0]), activation_of(layer)
    return LayerLook(
        name=layer.name,
        kind=type(layer).__name__,
        input_finite=all(map(_finite, given)),
        output_finite=all(map(_finite, arrays)),
        largest=max(map(_largest, arrays)),
        activation=activation,
        units=output.shape[-1] if output.ndim else 0,
        zero_share=float(np.mean(output == 0)),
        dead_share=float(np.mean((_by_unit(output) == 0).all(axis=0))),
        saturated_share=float(np.mean(FLAT[activation](output))) if activation in FLAT else np.nan,
        row_spread=_row_spread(output),
        input_largest=max(map(_largest, given), default=np.nan),
        untracked=untracked,
    )


def activation_of(layer: Any) -> str:
    """The name of a layer's activation function, also of a layer that is nothing else."""
    return own_activation(layer) or ACTIVATION_LAYERS.get(type(layer).__name__, "")


def own_activation(layer: Any) -> str:
    """The name of the activation function that a layer ends in, "" without one."""
    activation = getattr(layer, "activation", None)
    return "" if activation is None else getattr(activation, "__name__", type(activation).__name__)


def _some_rows(output: Array) -> NDArray[np.float64]:
    """The first rows, as many as are looked at closely."""
    per_row = max(1, output[:1].size) if output.ndim else 1
    rows = output[: max(FEWEST_ROWS, MOST_CELLS // per_row)] if output.ndim else output
    return rows.astype(np.float64)


def _by_unit(output: NDArray[np.float64]) -> NDArray[np.float64]:
    return output.reshape(-1, output.shape[-1] if output.ndim else 1)


def _row_spread(output: NDArray[np.float64]) -> float:
    """The standard deviation over the rows, averaged over the cells of a row."""
    if output.ndim < 2:
        return float("nan")
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean(np.std(output, axis=0)))


def _concrete(structure: Any) -> list[Array]:
    """The floating-point arrays in a structure that have values (not symbols of a graph)."""
    tensors = [
        leaf for leaf in tree.flatten(structure) if hasattr(leaf, "dtype") and has_values(leaf)
    ]
    arrays = [as_numpy(tensor) for tensor in tensors]
    arrays = [array for array in arrays if array.dtype.kind in "fV" and array.size]
    return [array if array.dtype.itemsize > 2 else array.astype(np.float32) for array in arrays]


def _finite(array: Array) -> bool:
    return bool(np.isfinite(array).all())


def _largest(array: Array) -> float:
    """The largest absolute finite value."""
    ends = [float(array.min()), float(array.max())]
    if not np.isfinite(ends).all():
        finite = array[np.isfinite(array)]
        ends = [float(finite.min()), float(finite.max())] if finite.size else [0.0]
    return max(map(abs, ends))
