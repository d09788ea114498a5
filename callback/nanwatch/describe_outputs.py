"""What the outputs of a model are told as: the layer and the activation behind each, its loss.

The activation in effect is looked for from the output backwards, through whatever only changes
the shape. A functional or sequential model is asked for its graph. Where that ends at something
opaque (a subclassed model, a composite layer of the user's own), the way of the tensors through
the layers is followed in a small forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import keras
from keras import tree

from nanwatch.describe_losses import describe_loss, one_loss
from nanwatch.plain import plain
from nanwatch.recorder.arrays import as_numpy, split
from nanwatch.recorder.patching import patched
from nanwatch.recorder.snapshot import fill_variables

ROWS = 16
PASSING = (
    *("Identity", "Reshape", "Flatten", "Permute", "RepeatVector", "Squeeze", "ExpandDims"),
    *("Cast", "GetItem", "Transpose", "Masking", "Rescaling", "ActivityRegularization"),
    *("Cropping1D", "Cropping2D", "Cropping3D", "UpSampling1D", "UpSampling2D", "UpSampling3D"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
    *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D"),
    *("GlobalMaxPooling2D", "AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D"),
)
"""Operations whose output keeps to the range of their input."""
ACTIVATIONS = {
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "ReLU": "relu",
    "Relu": "relu",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Exp": "exponential",
    "LeakyReLU": "leaky_relu",
    "LogSoftmax": "log_softmax",
    "ELU": "elu",
    "PReLU": "leaky_relu",
}
"""Layers and operations that are an activation themselves."""
UNBOUNDED = ("BatchNormalization", "LayerNormalization", "GroupNormalization")


def describe_outputs(model: Any, batch: Any = None) -> list[dict[str, Any]]:
    """One entry an output: its layer, the activation in effect and its loss.

    Args:
        batch: of the data, for models whose graph does not tell everything; None: not at hand.

    Returns:
        Dicts of "name", "layer" and "class" of the layer that computes it, "activation" ("linear":
        none, "": not known), "fed_by" (the activation below one that is a layer of its own),
        "behind" (classes of what stands between activation and output), "rescaled", "units",
        "rank" (how many axes it has, that of the rows included), "loss" (None without one) and
        "loss_weight"; where the graph did not tell, "low" and "high"
        of what came out for a few rows.
    """
    outputs = _of_graph(model)
    if batch is not None and (not outputs or not all(out["activation"] for out in outputs)):
        outputs = _of_calls(model, batch, outputs)
    return [{**out, **_loss_of(model, at, out["name"])} for at, out in enumerate(outputs)]


def _of_graph(model: Any) -> list[dict[str, Any]]:
    try:
        tensors = tree.flatten(model.outputs)
    except (AttributeError, ValueError):  # subclassed, or not built yet
        return []
    names = list(getattr(model, "output_names", None) or [])
    if len(names) != len(tensors):
        names = [""] * len(tensors)
    return [
        {"name": str(name), **_shape(tensor), **_ending(_ancestors(tensor))}
        for name, tensor in zip(names, tensors, strict=True)
    ]


def _of_calls(model: Any, batch: Any, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, by following a few rows of the batch through the layers."""
    fill_variables(model)
    trace = _Trace()
    rows = tree.map_structure(lambda array: array[:ROWS], split(batch)[0])
    with trace.watching():
        result = model(rows, training=False)
    tensors = tree.flatten(result)
    names = [out["name"] for out in known] or _names_of(result, len(tensors))
    return [
        {
            "name": name,
            **_shape(tensor),
            **_ending(trace.ancestors(tensor)),
            **_span(tensor),
        }
        for name, tensor in zip(names, tensors, strict=True)
    ]


def _span(tensor: Any) -> dict[str, float]:
    """The least and the greatest number that came out."""
    values = as_numpy(tensor)
    return {"low": float(values.min()), "high": float(values.max())} if values.size else {}


def _names_of(result: Any, count: int) -> list[str]:
    if isinstance(result, dict) and len(result) == count:
        return [str(name) for name in sorted(result)]
    return [""] if count == 1 else [f"output_{at}" for at in range(count)]


def _ancestors(tensor: Any) -> Iterator[Any]:
    """The operations behind a symbolic tensor, the last first, as long as the way is single."""
    while (history := getattr(tensor, "_keras_history", None)) is not None:
        operation, node_index, tensor_index = history
        inner = getattr(operation, "outputs", None) if isinstance(operation, keras.Model) else None
        if inner:
            yield from _ancestors(tree.flatten(inner)[tensor_index])
        elif not isinstance(operation, keras.layers.InputLayer):
            yield operation
        given = operation._inbound_nodes[node_index].input_tensors
        if len(given) != 1:
            return
        tensor = given[0]


class _Trace:
    """Which operation made which tensor in a forward pass, told by the tensors' identity."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Any]] = {}
        self._alive: list[Any] = []  # an identity holds only as long as its object lives

    def watching(self) -> Any:
        """A block in which every call of a layer or operation is noted."""
        owners = (keras.layers.Layer, keras.Operation)
        return patched([(owner, "__call__", self._wrap) for owner in owners])

    def ancestors(self, tensor: Any) -> Iterator[Any]:
        """The operations behind a tensor, the last first, as far as they were watched."""
        seen: set[int] = set()
        while id(tensor) in self._made and id(tensor) not in seen:
            seen.add(id(tensor))
            operation, tensor = self._made[id(tensor)]
            yield operation

    def _wrap(self, original: Any) -> Any:
        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            output = original(operation, *args, **kwargs)
            given = tree.flatten(args)
            for tensor in tree.flatten(output):  # an inner layer returns first, and is kept
                self._made.setdefault(id(tensor), (operation, given[0] if given else None))
                self._alive += [tensor, *given]
            return output

        return call


def _ending(operations: Iterable[Any]) -> dict[str, Any]:
    """What the operations behind an output, the last first, make of it."""
    behind: list[str] = []
    rescaled = False
    ways = iter(operations)
    for operation in ways:
        activation = activation_of(operation)
        if activation == "linear" and type(operation).__name__ == "Activation":
            continue
        if activation is not None:
            fed_by = _fed_by(ways) if _is_activation(operation) else ""
            if activation == "linear" and _is_activation(operation):
                activation = fed_by
            return _told(operation, activation, fed_by, behind, rescaled)
        behind.append(type(operation).__name__)
        rescaled = rescaled or _rescales(operation)
    return {"layer": "", "class": "", "activation": "", "fed_by": "", "behind": behind} | {
        "rescaled": rescaled
    }


def _told(
    operation: Any, activation: str, fed_by: str, behind: list[str], rescaled: bool
) -> dict[str, Any]:
    return {
        "layer": operation.name,
        "class": type(operation).__name__,
        "activation": activation,
        "fed_by": fed_by,
        "behind": behind,
        "rescaled": rescaled,
    }


def _fed_by(operations: Iterator[Any]) -> str:
    """The activation below: what an activation of its own is given."""
    found = (activation_of(operation) for operation in operations)
    return next((name for name in found if name is not None), "")


def activation_of(operation: Any) -> str | None:
    """The activation that an operation ends in; None: what it is given keeps its range.

    "linear" where there is none, "" where it cannot be told.
    """
    kind = type(operation).__name__
    inner = getattr(operation, "layer", None)
    if kind in ("TimeDistributed", "Bidirectional") and inner is not None:
        return activation_of(inner)
    if kind in PASSING:
        return None
    if kind in ACTIVATIONS:
        return ACTIVATIONS[kind]
    activation = getattr(operation, "activation", None)
    if callable(activation):
        return str(getattr(activation, "__name__", type(activation).__name__))
    return "linear" if kind in UNBOUNDED else ""


def _is_activation(operation: Any) -> bool:
    kind = type(operation).__name__
    return kind == "Activation" or kind in ACTIVATIONS


def _rescales(operation: Any) -> bool:
    if type(operation).__name__ != "Rescaling":
        return False
    return not (_is_just(operation.scale, 1.0) and _is_just(operation.offset, 0.0))


def _is_just(value: Any, number: float) -> bool:
    return isinstance(value, int | float) and math.isclose(value, number)


def _shape(tensor: Any) -> dict[str, int | None]:
    shape = tuple(tensor.shape)
    width = int(shape[-1]) if shape and shape[-1] is not None else None
    return {"units": width, "rank": len(shape)}


def _loss_of(model: Any, at: int, name: str) -> dict[str, Any]:
    """The loss of the output at a position, and how much it weighs."""
    compiled = getattr(model, "_compile_loss", None)
    built = list(getattr(compiled, "_flat_losses", None) or [])
    if built:
        mine = [part for part in built if part.name == name] or built[at : at + 1]
        loss, weight = (mine[0].loss, mine[0].loss_weights) if mine else (None, None)
        return {"loss": loss and one_loss(loss, name), "loss_weight": plain(weight)}
    losses = describe_loss(getattr(model, "loss", None))
    named = [loss for loss in losses if loss["output"] == name]
    mine = named or (losses if len(losses) == 1 else losses[at : at + 1])
    weight = _weight(getattr(compiled, "_user_loss_weights", None), at, name)
    return {"loss": {**mine[0], "output": name} if mine else None, "loss_weight": weight}


def _weight(weights: Any, at: int, name: str) -> Any:
    if isinstance(weights, dict):
        return plain(weights.get(name))
    if isinstance(weights, list | tuple):
        return plain(weights[at]) if at < len(weights) else None
    return plain(weights)
