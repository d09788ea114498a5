"""Half precision put aside, or its small constants made larger."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
from keras import tree

from nanwatch.autopsy.remedies.remedy import Remedy, of_model
from nanwatch.autopsy.remedies.safe_forms import DIVISIONS, LOGARITHMS, ROOTS
from nanwatch.autopsy.remedies.safe_math import safe
from nanwatch.autopsy.terms import loss_terms
from nanwatch.recorder.patching import always, patched
from nanwatch.recorder.snapshot import inner_optimizers

EPSILON = 1e-3
"""Well above the smallest number of half precision, squared as well."""


@contextlib.contextmanager
def full_precision(model: Any) -> Iterator[None]:
    """A block in which layers and losses compute in float32."""
    policy = keras.dtype_policies.DTypePolicy("float32")
    layers = [(layer, "_dtype_policy", always(policy)) for layer in model._flatten_layers()]
    losses = [(loss, "_dtype", always("float32")) for loss in _losses(model)]
    with patched([*layers, *losses]):
        yield


@contextlib.contextmanager
def larger_epsilon(model: Any) -> Iterator[None]:
    """A block in which what is added against a division by 0 is large enough for float16."""
    inner = [one for one in inner_optimizers(model) if hasattr(one, "epsilon")]
    before = keras.config.epsilon()
    keras.config.set_epsilon(EPSILON)
    try:
        with (
            patched([(one, "epsilon", always(EPSILON)) for one in inner]),
            safe({**DIVISIONS, **LOGARITHMS, **ROOTS}, model),
        ):
            yield
    finally:
        keras.config.set_epsilon(before)


def _losses(model: Any) -> list[Any]:
    """The loss objects that the model was compiled with, or made of what it was compiled with."""
    held = [*tree.flatten(model.loss), *(term.loss for term in loss_terms(model))]
    return [loss for loss in held if isinstance(loss, keras.losses.Loss)]


REMEDIES = (
    Remedy("full_precision", "single precision", settings=of_model(full_precision)),
    Remedy("larger_epsilon", "an epsilon of 1e-3", settings=of_model(larger_epsilon)),
)
