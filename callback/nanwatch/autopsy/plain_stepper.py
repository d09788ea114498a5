"""The steps of a replay on JAX and torch: the model's train step, and its update cut afterwards."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np

from nanwatch.autopsy.made import Made, Stepper
from nanwatch.autopsy.steps import make_step
from nanwatch.recorder.patching import always, patched
from nanwatch.recorder.snapshot import inner_optimizers

CLIPPINGS = ("clipnorm", "clipvalue", "global_clipnorm")
"""The settings of an optimizer of which only one may clip its gradients."""


def stepper(model: Any) -> Stepper:
    """The model's train step, compiled once a limit on JAX.

    What regularisation adds is not told apart; a variable that moved has learnt.
    """
    steps = cache(lambda limit: _compiled(model, limit))

    def call(batch: Any, share: float, limit: float) -> Made:
        model.reset_metrics()  # so that the running mean is this batch's own
        before = [variable.numpy().copy() for variable in model.trainable_variables]
        logs = make_step(model, batch, steps(limit))
        moved = [
            _cut(variable, old, share)
            for variable, old in zip(model.trainable_variables, before, strict=True)
        ]
        loss = float(keras.ops.convert_to_numpy(logs.get("loss", math.nan)))
        return Made(loss, 0.0, bool(np.mean(moved) >= 0.5), {})

    return call


def _compiled(model: Any, limit: float) -> Callable[..., Any]:
    """The train step with gradients whose common norm is limited."""

    def step(*args: Any) -> Any:
        with _limited(model, limit):
            return model.train_step(*args)

    if keras.backend.backend() != "jax" or model.run_eagerly:
        return step
    import jax  # only here: other backends have none

    compiled: Callable[..., Any] = jax.jit(step)
    return compiled


def _limited(model: Any, limit: float) -> contextlib.AbstractContextManager[None]:
    if math.isinf(limit):
        return contextlib.nullcontext()
    values = dict.fromkeys(CLIPPINGS) | {"global_clipnorm": limit}
    inner = inner_optimizers(model)
    return patched([(one, name, always(value)) for one in inner for name, value in values.items()])


def _cut(variable: Any, old: Any, share: float) -> bool:
    """Leave only a share of what a step has done to a variable; whether it did anything."""
    new = variable.numpy()
    if share != 1.0:
        variable.assign((old + share * (new - old)).astype(old.dtype))
    return bool((new != old).any())
