"""The run's facts: model, loss, optimizer, data and versions, found out by looking.

Everything here is read, nothing is changed.
"""

from __future__ import annotations

import importlib
import math
import platform
import socket
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import tree

from nanwatch._version import __version__
from nanwatch.describe_losses import describe_loss
from nanwatch.describe_outputs import describe_outputs
from nanwatch.describe_weights import is_blank, is_fresh
from nanwatch.plain import plain

MAX_LAYERS = 500
LOOKS, UNKNOWN_STEPS = 32, 1000
"""At how many steps a schedule is looked at, and how many there are where nothing says so."""


def describe_run(model: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that are known when training begins.

    Args:
        params: what Keras tells its callbacks: epochs and steps.
    """
    return {
        "model": _told(describe_model, model, {}),
        "loss": _told(describe_loss, getattr(model, "loss", None), []),
        "outputs": _told(describe_outputs, model, []),
        "optimizer": _told(describe_optimizer, getattr(model, "optimizer", None), {}),
        "metrics": _told(_metric_names, model, []),
        "schedule": _told(lambda one: look_ahead(one, params), model, {}),
        "policy": keras.config.dtype_policy().name,
        "loss_scaling": is_loss_scaled(model),
        "epochs": params.get("epochs"),
        "steps_per_epoch": params.get("steps"),
        "steps_per_execution": getattr(model, "steps_per_execution", 1),
        "run_eagerly": bool(getattr(model, "run_eagerly", False)),
        "jit_compile": bool(getattr(model, "jit_compile", False)),
        "host": socket.gethostname(),
        "versions": versions(),
    }


def describe_data(model: Any, batch: Any) -> dict[str, Any]:
    """The facts that are known with the first batch, when the model is built at last."""
    return {
        **_told(describe_batch, batch, {}),
        "model": _told(describe_model, model, {}),
        "outputs": _told(lambda one: describe_outputs(one, batch), model, []),
    }


def _told(describe: Callable[[Any], Any], thing: Any, nothing: Any) -> Any:
    """A description, or `nothing`: a class of the user's own may refuse to be asked."""
    try:
        return describe(thing)
    except Exception:  # noqa: BLE001 - a door: what cannot be described can still be watched
        return nothing


def versions() -> dict[str, str]:
    """What runs here, in which version."""
    backend = keras.backend.backend()
    return {
        "nanwatch": __version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "backend": backend,
        backend: _backend_version(backend),
    }


def describe_model(model: Any) -> dict[str, Any]:
    """The model's class, size and layers in order, those of inner models included."""
    layers = list(model._flatten_layers(include_self=False))[:MAX_LAYERS]
    return {
        "class": type(model).__name__,
        "name": model.name,
        "parameters": model.count_params() if model.built else None,
        "trainable_parameters": _size(model.trainable_variables) if model.built else None,
        "layers": [_layer(layer) for layer in layers],
    }


def describe_optimizer(optimizer: Any) -> dict[str, Any]:
    """The optimizer's class, settings and rate; of a loss scaling one, those of the inner one."""
    if optimizer is None:
        return {}
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    config = plain(inner.get_config())
    rate = config.get("learning_rate")
    return {
        "class": type(inner).__name__,
        "learning_rate": rate if isinstance(rate, int | float) else None,
        "schedule": rate if isinstance(rate, dict) else None,
        "config": config,
    }


def look_ahead(model: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the rate's schedule will do: its lowest and highest value over the run's steps.

    Returns:
        "first", "lowest" and "highest", the latter with their steps, "not_finite" (the first step
        at which the rate is not a number), over "steps"; empty without a schedule.
    """
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    schedule = getattr(inner, "_learning_rate", None)
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return {}
    steps = (params.get("epochs") or 1) * (params.get("steps") or UNKNOWN_STEPS)
    points = sorted({round(at * (steps - 1) / (LOOKS - 1)) for at in range(LOOKS)})
    rates = [(float(keras.ops.convert_to_numpy(schedule(at))), at) for at in points]
    finite = [pair for pair in rates if math.isfinite(pair[0])] or rates[:1]
    (lowest, low_at), (highest, high_at) = min(finite), max(finite)
    lost = next((at for rate, at in rates if not math.isfinite(rate)), None)
    return {
        "steps": steps,
        "first": rates[0][0],
        "lowest": lowest,
        "lowest_step": low_at,
        "highest": highest,
        "highest_step": high_at,
        "not_finite": lost,
    }


def _metric_names(model: Any) -> list[str]:
    """The metrics that were asked for in compile."""
    asked = getattr(getattr(model, "_compile_metrics", None), "_user_metrics", None)
    names = (getattr(metric, "name", None) or metric for metric in tree.flatten(asked))
    return [str(getattr(name, "__name__", name)) for name in names if name is not None]


def describe_batch(batch: Any) -> dict[str, Any]:
    """Shapes and types of a batch's arrays."""
    parts = keras.utils.unpack_x_y_sample_weight(batch)
    names = ("inputs", "targets", "sample_weights")
    shapes = {
        name: [_array(array) for array in tree.flatten(part) if array is not None]
        for name, part in zip(names, parts, strict=True)
    }
    rows = next((array["shape"][0] for array in shapes["inputs"] if array["shape"]), None)
    return {"data": shapes, "batch_size": rows}


def is_loss_scaled(model: Any) -> bool:
    """Whether a half precision training scales its loss, and so skips infinite gradients."""
    optimizer = getattr(model, "optimizer", None)
    return isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def has_own_step(model: Any) -> bool:
    """Whether the model trains in a way of its own, so that its loss may mean anything."""
    kind = type(model)
    return any(
        getattr(kind, name) is not getattr(keras.Model, name)
        for name in ("train_step", "compute_loss")
    )


def _layer(layer: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": layer.name,
        "class": type(layer).__name__,
        "parameters": layer.count_params() if layer.built else None,
        "trainable": bool(layer.trainable),
    }
    if layer.built and layer.count_params():
        facts["trainable_parameters"] = _size(layer.trainable_variables)
        if not layer.trainable:
            facts |= {"fresh": is_fresh(layer), "blank": is_blank(layer)}
    activation = getattr(layer, "activation", None)
    if activation is not None:
        facts["activation"] = getattr(activation, "__name__", type(activation).__name__)
    if isinstance(units := getattr(layer, "units", None), int):
        facts["units"] = units
    if regularizers := _regularizers(layer):
        facts["regularizers"] = regularizers
    if initializers := _initializers(layer):
        facts["initializers"] = initializers
    return facts


def _size(variables: Any) -> int:
    """How many numbers variables hold together."""
    return sum(math.prod(variable.shape) for variable in variables)


def _initializers(layer: Any) -> dict[str, Any]:
    """How a layer's weights begin, but for biases that begin at zero, as nearly all do."""
    found = {}
    for name in ("kernel", "bias", "embeddings", "recurrent", "depthwise", "pointwise"):
        initializer = getattr(layer, f"{name}_initializer", None)
        kind = type(initializer).__name__
        if isinstance(initializer, keras.initializers.Initializer) and kind != "Zeros":
            config = {k: v for k, v in initializer.get_config().items() if v is not None}
            found[name] = {"class": kind, **plain(config)}
    return found


def _regularizers(layer: Any) -> dict[str, Any]:
    found = {}
    for name in ("kernel", "bias", "activity", "embeddings", "recurrent"):
        regularizer = getattr(layer, f"{name}_regularizer", None)
        if regularizer is not None:
            strengths = {k: float(getattr(regularizer, k, 0.0)) for k in ("l1", "l2")}
            found[name] = {"class": type(regularizer).__name__, **strengths}
    return found


def _array(array: Any) -> dict[str, Any]:
    shape = [None if size is None else int(size) for size in getattr(array, "shape", ())]
    return {"shape": shape, "dtype": keras.backend.standardize_dtype(array.dtype)}


def _backend_version(backend: str) -> str:
    module = importlib.import_module(backend)
    return str(getattr(module, "__version__", "unknown"))
