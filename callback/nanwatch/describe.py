"""The run's facts: model, loss, optimizer, data and versions, found out by looking.

Everything here is read, nothing is changed. `get_config` of a loss drops some of its parameters
(Huber's delta, CosineSimilarity's axis), so the arguments that the loss function really gets are
read as well.
"""

from __future__ import annotations

import inspect
import platform
import socket
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import tree

from nanwatch._version import __version__
from nanwatch.plain import plain

MAX_LAYERS = 500


def describe_run(model: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that are known when training begins.

    Args:
        params: what Keras tells its callbacks: epochs and steps.
    """
    return {
        "model": _told(describe_model, model, {}),
        "loss": _told(describe_loss, getattr(model, "loss", None), []),
        "optimizer": _told(describe_optimizer, getattr(model, "optimizer", None), {}),
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
        "layers": [_layer(layer) for layer in layers],
    }


def describe_loss(loss: Any) -> list[dict[str, Any]]:
    """One entry a loss: its output's name or None, its class and all parameters."""
    if isinstance(loss, Mapping):
        return [_loss(part, str(name)) for name, part in loss.items()]
    if isinstance(loss, list | tuple):
        return [_loss(part, None) for part in loss]
    return [] if loss is None else [_loss(loss, None)]


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


def _layer(layer: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": layer.name,
        "class": type(layer).__name__,
        "parameters": layer.count_params() if layer.built else None,
        "trainable": bool(layer.trainable),
    }
    activation = getattr(layer, "activation", None)
    if activation is not None:
        facts["activation"] = getattr(activation, "__name__", type(activation).__name__)
    if isinstance(units := getattr(layer, "units", None), int):
        facts["units"] = units
    if regularizers := _regularizers(layer):
        facts["regularizers"] = regularizers
    return facts


def _regularizers(layer: Any) -> dict[str, Any]:
    found = {}
    for name in ("kernel", "bias", "activity", "embeddings", "recurrent"):
        regularizer = getattr(layer, f"{name}_regularizer", None)
        if regularizer is not None:
            strengths = {k: float(getattr(regularizer, k, 0.0)) for k in ("l1", "l2")}
            found[name] = {"class": type(regularizer).__name__, **strengths}
    return found


def _loss(loss: Any, output: str | None) -> dict[str, Any]:
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    facts: dict[str, Any] = {
        "output": output,
        "class": _loss_name(loss),
        "custom": _is_custom(loss),
    }
    if isinstance(loss, keras.losses.Loss):
        facts["config"] = plain({**_config(loss), **getattr(loss, "_fn_kwargs", {})})
    if facts["custom"]:
        facts["source"] = _source(loss)
    return facts


def _config(loss: Any) -> dict[str, Any]:
    try:
        return dict(loss.get_config())
    except NotImplementedError:  # a loss class of the user's own need not have one
        return {}


def _loss_name(loss: Any) -> str:
    return getattr(loss, "__name__", None) or type(loss).__name__


def _is_custom(loss: Any) -> bool:
    kind = loss if inspect.isfunction(loss) else type(loss)
    return not str(getattr(kind, "__module__", "")).startswith(("keras.", "tf_keras."))


def _source(loss: Any) -> str | None:
    target = loss if inspect.isfunction(loss) else getattr(type(loss), "call", type(loss))
    try:
        return f"{inspect.getsourcefile(target)}:{inspect.getsourcelines(target)[1]}"
    except (OSError, TypeError):  # typed at a prompt, or compiled
        return None


def _array(array: Any) -> dict[str, Any]:
    shape = [None if size is None else int(size) for size in getattr(array, "shape", ())]
    return {"shape": shape, "dtype": keras.backend.standardize_dtype(array.dtype)}


def _backend_version(backend: str) -> str:
    module = __import__(backend)
    return str(getattr(module, "__version__", "unknown"))
