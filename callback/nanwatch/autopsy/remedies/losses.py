"""The losses that a model was compiled with, weighed and set otherwise."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import tree

from nanwatch.autopsy.remedies.remedy import Remedy, of_model
from nanwatch.autopsy.terms import loss_terms
from nanwatch.describe_losses import one_loss
from nanwatch.diagnosis.weighting import HUGE
from nanwatch.losses import find
from nanwatch.recorder.arrays import as_numpy, split
from nanwatch.recorder.patching import always, patched

USUAL_GAMMA = 2.0
"""The exponent that Lin et al. (2017) found best, and Keras' own."""


@contextlib.contextmanager
def even_weights(model: Any) -> Iterator[None]:
    """A block in which every output's loss counts once."""
    with patched_terms(model, lambda term: term._replace(loss_weights=_usable(term.loss_weights))):
        yield


@contextlib.contextmanager
def usual_gamma(model: Any) -> Iterator[None]:
    """A block in which focal losses have the exponent for which they are made."""
    with patched_terms(model, lambda term: term._replace(loss=_with_gamma(term.loss))):
        yield


@contextlib.contextmanager
def ignored_class(model: Any, batches: list[Any]) -> Iterator[None]:
    """A block in which the only label that no unit stands for counts as none at all."""
    last = batches[-1]
    units = [p.shape[-1] for p in tree.flatten(model(split(last)[0], training=False))]
    targets = [as_numpy(target) for target in tree.flatten(split(last)[1])]
    outside = {
        int(label)
        for target, size in zip(targets, units, strict=True)
        for label in np.unique(target)
        if not 0 <= label < size
    }
    if len(outside) != 1:
        raise ValueError("not a single label outside")
    with patched_terms(model, lambda term: term._replace(loss=_ignoring(term.loss, *outside))):
        yield


def patched_terms(
    model: Any, change: Callable[[Any], Any]
) -> contextlib.AbstractContextManager[None]:
    """A block in which every entry of the compiled losses is changed."""
    terms = [change(term) for term in loss_terms(model)]
    if not terms:
        raise ValueError("no compiled loss")
    return patched([(model._compile_loss, "_flat_losses", always(terms))])


def _ignoring(loss: Any, label: int) -> Any:
    told = one_loss(loss, "")
    page = None if told.get("custom") else find(told["class"])
    if page is None or "ignore_class" not in (known := {one.name for one in page.parameters}):
        return loss
    given = {name: value for name, value in told.get("config", {}).items() if name in known}
    return getattr(keras.losses, page.name)(**{**given, "ignore_class": label})


def _usable(weight: Any) -> Any:
    if weight is None:
        return None
    value = float(np.asarray(weight))
    return value if math.isfinite(value) and 0 < value <= HUGE else 1.0


def _with_gamma(loss: Any) -> Any:
    given = loss.get_config() if hasattr(loss, "gamma") else {}
    return type(loss).from_config({**given, "gamma": USUAL_GAMMA}) if given else loss


REMEDIES = (
    Remedy(
        "even_weights",
        "weights of 1 in place of those that cannot be meant",
        settings=of_model(even_weights),
        rescales=True,
    ),
    Remedy("ignored_class", "the label outside ignored by the loss", settings=ignored_class),
    Remedy("usual_gamma", "a focal loss with gamma 2", settings=of_model(usual_gamma)),
)
