"""What the losses of a model are told as: class, arguments, whether it is the user's own.

`get_config` of a loss drops some of its arguments (Huber's delta, CosineSimilarity's axis), so
those that the loss function really gets are read as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras

from nanwatch.plain import plain


def describe_loss(loss: Any) -> list[dict[str, Any]]:
    """One entry a loss: its output's name or None, its class and all parameters."""
    if isinstance(loss, Mapping):
        return [one_loss(part, str(name)) for name, part in loss.items()]
    if isinstance(loss, list | tuple):
        return [one_loss(part, None) for part in loss]
    return [] if loss is None else [one_loss(loss, None)]


def one_loss(loss: Any, output: str | None) -> dict[str, Any]:
    """The facts of one loss: a string, a function or an object."""
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    arguments = getattr(loss, "_fn_kwargs", {})
    if type(loss).__name__ == "LossFunctionWrapper":  # what compile makes of a string or function
        loss = loss.fn
    facts: dict[str, Any] = {
        "output": output,
        "class": _loss_name(loss),
        "custom": _is_custom(loss),
    }
    if isinstance(loss, keras.losses.Loss):
        facts["config"] = plain({**_config(loss), **arguments})
    elif arguments:
        facts["config"] = plain(arguments)
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
