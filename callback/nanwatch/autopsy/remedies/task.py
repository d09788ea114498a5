"""Another loss, last activation or coding of the labels, for models with one output."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import tree
from numpy.typing import NDArray

from nanwatch.autopsy.layers import own_activation
from nanwatch.autopsy.merging import as_tensor
from nanwatch.autopsy.remedies.network import head_of
from nanwatch.autopsy.remedies.remedy import Remedy, Settings, of_batches, of_model
from nanwatch.describe_losses import describe_loss
from nanwatch.losses import find
from nanwatch.recorder.arrays import as_numpy, split
from nanwatch.recorder.patching import always, patched


@contextlib.contextmanager
def flip_from_logits(model: Any) -> Iterator[None]:
    """A block in which the loss takes the outputs for what it took them not."""
    (told,) = describe_loss(model.loss)
    page = find(told["class"])
    if page is None or "from_logits" not in (known := {one.name for one in page.parameters}):
        raise ValueError("a loss without from_logits")
    given = {name: value for name, value in told.get("config", {}).items() if name in known}
    flipped = {**given, "from_logits": not given.get("from_logits", False)}
    with _with_loss(model, getattr(keras.losses, page.name)(**flipped)):
        yield


@contextlib.contextmanager
def absolute_error(model: Any) -> Iterator[None]:
    """A block in which errors count by their size."""
    with _with_loss(model, keras.losses.MeanAbsoluteError()):
        yield


@contextlib.contextmanager
def negated_loss(model: Any) -> Iterator[None]:
    """A block in which the loss has the opposite sign."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: -original(*args, **kwargs)

    with patched([(model, "compute_loss", make)]):
        yield


@contextlib.contextmanager
def last_step(model: Any) -> Iterator[None]:
    """A block in which the loss is that of the last step of a sequence alone."""
    with _judged(model, lambda predictions: predictions[:, -1]):
        yield


def output(activation: str) -> Settings:
    """Settings that end the model in another activation."""
    return of_model(lambda model: _with_head(model, activation))


@contextlib.contextmanager
def as_regression(model: Any) -> Iterator[None]:
    """A block in which the model gives free values, judged by their squared error."""
    with _with_loss(model, keras.losses.MeanSquaredError()), _with_head(model, "linear"):
        yield


@contextlib.contextmanager
def as_binary(model: Any) -> Iterator[None]:
    """A block in which every output is the probability of a yes."""
    with _with_loss(model, keras.losses.BinaryCrossentropy()), _with_head(model, "sigmoid"):
        yield


@contextlib.contextmanager
def as_classes(model: Any, batches: list[Any]) -> Iterator[None]:
    """A block in which the outputs are the probabilities of classes, one-hot or numbered."""
    labels, units = as_numpy(_targets(batches)[0]), getattr(head_of(model), "units", None)
    one_hot = labels.ndim > 1 and labels.shape[-1] == units
    kind = "CategoricalCrossentropy" if one_hot else "SparseCategoricalCrossentropy"
    with _with_loss(model, getattr(keras.losses, kind)()), _with_head(model, "softmax"):
        yield


def labels_to_01(batches: list[Any]) -> list[Any]:
    """The batches with the least label as 0 and the greatest as 1."""
    lowest = min(float(as_numpy(y).min()) for y in _targets(batches))
    highest = max(float(as_numpy(y).max()) for y in _targets(batches))
    return _recoded(batches, lambda y: (y - lowest) / (highest - lowest))


def labels_from_zero(batches: list[Any]) -> list[Any]:
    """The batches with classes numbered by their rank: 0, 1, 2, ..."""
    known = np.unique(np.concatenate([as_numpy(y).reshape(-1) for y in _targets(batches)]))
    return _recoded(batches, lambda y: np.searchsorted(known, y))


def _with_loss(model: Any, loss: Any) -> contextlib.AbstractContextManager[None]:
    """A block in which the model's only output is judged by `loss`."""
    if len(tree.flatten(getattr(model, "outputs", None) or [None])) != 1:
        raise ValueError("several outputs")

    def make(_: Any) -> Callable[..., Any]:
        def compute_loss(
            x: Any = None,  # noqa: ARG001 - Keras' signature
            y: Any = None,
            y_pred: Any = None,
            sample_weight: Any = None,
            **_: Any,
        ) -> Any:
            return sum(model.losses, loss(y, y_pred, sample_weight))

        return compute_loss

    return patched([(model, "compute_loss", make)])


def _with_head(model: Any, activation: str) -> contextlib.AbstractContextManager[None]:
    """A block in which the model ends in another activation.

    Where its last activation is that one already, what comes after it spoils the predictions.
    """
    head, wanted = head_of(model), keras.activations.get(activation)
    if own_activation(head) == activation:
        return _judged(model, wanted)
    return patched([(head, "activation", always(wanted))])


def _judged(model: Any, change: Callable[[Any], Any]) -> contextlib.AbstractContextManager[None]:
    """A block in which the loss sees the model's only output as `change` makes it."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def compute_loss(*args: Any, **kwargs: Any) -> Any:
            given = inspect.signature(original).bind(*args, **kwargs)
            given.arguments["y_pred"] = change(given.arguments["y_pred"])
            return original(*given.args, **given.kwargs)

        return compute_loss

    return patched([(model, "compute_loss", make)])


def _targets(batches: list[Any]) -> list[Any]:
    targets = [tree.flatten(split(batch)[1]) for batch in batches]
    if any(len(target) != 1 or target[0] is None for target in targets):
        raise ValueError("not a single target")
    return [target[0] for target in targets]


def _recoded(batches: list[Any], recode: Callable[[NDArray[Any]], NDArray[Any]]) -> list[Any]:
    def changed(batch: Any) -> Any:
        x, y, *weight = batch
        old = as_numpy(tree.flatten(y)[0])
        return (x, tree.pack_sequence_as(y, [as_tensor(recode(old), old.dtype)]), *weight)

    return [changed(batch) for batch in batches]


def _task(name: str, words: str, settings: Settings) -> Remedy:
    return Remedy(name, words, settings=settings, rescales=True)


REMEDIES = (
    _task("flip_from_logits", "from_logits flipped", of_model(flip_from_logits)),
    Remedy("last_step", "the loss of the last step only", settings=of_model(last_step)),
    Remedy("linear_output", "an output without activation", settings=output("linear")),
    Remedy("sigmoid_output", "a sigmoid output", settings=output("sigmoid")),
    Remedy("softmax_output", "a softmax output", settings=output("softmax")),
    Remedy("softplus_output", "a softplus output", settings=output("softplus")),
    _task("as_regression", "a squared error of free values", of_model(as_regression)),
    _task("as_binary", "a binary crossentropy of a sigmoid", of_model(as_binary)),
    _task("as_classes", "a crossentropy of classes", as_classes),
    _task("absolute_error", "an absolute error", of_model(absolute_error)),
    _task("negated_loss", "the loss with the opposite sign", of_model(negated_loss)),
    Remedy("labels_to_01", "labels of 0 and 1", batches=of_batches(labels_to_01), rescales=True),
    Remedy(
        "labels_from_zero",
        "classes that begin at 0",
        batches=of_batches(labels_from_zero),
        rescales=True,
    ),
)
