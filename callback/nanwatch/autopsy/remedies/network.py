"""Other weights, activations and layers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from typing import Any

import keras

from nanwatch.autopsy.layers import own_activation
from nanwatch.autopsy.remedies.remedy import Remedy, of_model
from nanwatch.diagnosis.network import CARRIERS, FLAT, LINEAR_LAYERS, RECTIFIED
from nanwatch.recorder.patching import Patch, always, patched
from nanwatch.recorder.snapshot import optimizers_of

_HEAD = ContextVar("head", default="")
BENDABLE = LINEAR_LAYERS | {"DepthwiseConv2D"}
OWN_START = {"bias": 0.0, "beta": 0.0, "gamma": 1.0}
"""What layers begin with that do not draw it."""
SLOPE = 0.2
"""Of a leaky relu below 0, as keras.activations.leaky_relu has it."""


def redraw(model: Any) -> None:
    """Draw all kernels anew as their layers do by themselves; biases at 0, scales at 1."""
    usual = keras.initializers.GlorotUniform
    recurrent = {"recurrent_kernel": keras.initializers.Orthogonal}
    for seed, variable in enumerate(model.trainable_variables):
        if len(variable.shape) > 1:
            initializer = recurrent.get(variable.name, usual)(seed=seed)
            variable.assign(initializer(variable.shape, variable.dtype))
        elif variable.name in OWN_START:
            variable.assign(keras.ops.full(variable.shape, OWN_START[variable.name]))


@contextlib.contextmanager
def hidden_relu(model: Any) -> Iterator[None]:
    """A block in which hidden layers that flatten their input are relu."""
    with patched(_activations(model, FLAT, keras.activations.relu)):
        yield


@contextlib.contextmanager
def leaky_relu(model: Any) -> Iterator[None]:
    """A block in which no relu is flat on its negative side."""
    layers = [layer for layer in layers_of(model) if type(layer).__name__ == "ReLU"]
    slopes: list[Patch] = [(layer, "negative_slope", always(SLOPE)) for layer in layers]
    with patched([*slopes, *_activations(model, RECTIFIED, keras.activations.leaky_relu)]):
        yield


@contextlib.contextmanager
def between_relu(model: Any) -> Iterator[None]:
    """A block in which a relu stands between linear layers that follow each other."""
    relu = keras.activations.relu
    with patched([(layer, "activation", always(relu)) for layer in linear_in_a_row(model)]):
        yield


@contextlib.contextmanager
def normalized(model: Any) -> Iterator[None]:
    """A block in which what goes into a hidden activation has mean 0 and spread 1 by unit."""
    names = (*FLAT, *RECTIFIED)
    patches = [(o, name, _after_normalizing) for o, name, _ in _activations(model, names, None)]
    with patched(patches):
        yield


@contextlib.contextmanager
def unfreeze(model: Any) -> Iterator[None]:
    """A block in which every layer learns, with an optimizer that knows all of their weights."""
    layers = [model, *layers_of(model)]
    frozen = [layer for layer in layers if not layer.trainable]
    variables = [v for layer in frozen for v in layer._trainable_variables if not v.trainable]
    try:
        for layer in frozen:
            layer.trainable = True
        with patched(_fresh_optimizers(model)):
            yield
    finally:
        for layer in frozen:
            object.__setattr__(layer, "_trainable", False)
        for variable in variables:
            variable.trainable = False


def layers_of(model: Any) -> list[Any]:
    """All layers, those of inner models included, in their order."""
    return list(model._flatten_layers(include_self=False))


def linear_in_a_row(model: Any) -> list[Any]:
    """Linear layers whose next layer, but for such as change nothing, is a linear one as well."""
    layers = [layer for layer in layers_of(model) if type(layer).__name__ not in CARRIERS]
    linear = [type(layer).__name__ in BENDABLE for layer in layers]
    return [
        layer
        for layer, here, there in zip(layers, linear, linear[1:], strict=False)
        if here and there and own_activation(layer) == "linear"
    ]


@contextlib.contextmanager
def ending_in(layer: str) -> Iterator[None]:
    """A block in which the model's head is the layer of this name, "" for its last one."""
    token = _HEAD.set(layer)
    try:
        yield
    finally:
        _HEAD.reset(token)


def head_of(model: Any) -> Any:
    """The last layer that has an activation, or that of the output in question; None without."""
    heads = [layer for layer in reversed(layers_of(model)) if own_activation(layer)]
    named = [layer for layer in heads if layer.name == _HEAD.get()]
    return next(iter(named or heads), None)


def _activations(model: Any, names: Collection[str], wanted: Any) -> list[Patch]:
    """Patches of every hidden activation of these names, by `wanted`."""
    head = head_of(model)
    hidden = [x for x in layers_of(model) if x is not head and own_activation(x) in names]
    return [(layer, "activation", always(wanted)) for layer in hidden]


def _after_normalizing(activation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def normalize(values: Any) -> Any:
        mean = keras.ops.mean(values, axis=0, keepdims=True)
        spread = keras.ops.std(values, axis=0, keepdims=True)
        return activation((values - mean) / (spread + 1e-6))

    return normalize


def _fresh_optimizers(model: Any) -> list[Patch]:
    held = vars(model)
    names = [n for n, v in held.items() if any(v is o for o in optimizers_of(model))]
    return [(model, name, lambda old: _fresh(old, model)) for name in names]


def _fresh(optimizer: Any, model: Any) -> Any:
    made = type(optimizer).from_config(optimizer.get_config())
    made.build(model.trainable_variables)
    return made


REMEDIES = (
    Remedy("redraw", "other initial weights", weights=redraw),
    Remedy("hidden_relu", "relu in the hidden layers", settings=of_model(hidden_relu)),
    Remedy(
        "hidden_relu_redrawn",
        "relu in the hidden layers, and other initial weights",
        settings=of_model(hidden_relu),
        weights=redraw,
    ),
    Remedy("leaky_relu", "leaky relu", settings=of_model(leaky_relu)),
    Remedy("between_relu", "relu between the linear layers", settings=of_model(between_relu)),
    Remedy("normalized", "normalised activations", settings=of_model(normalized)),
    Remedy("unfreeze", "all layers trainable", settings=of_model(unfreeze)),
)
