"""What happens inside a JAX train step while it is traced, seen through scoped patches.

A value caught inside of `jax.value_and_grad` belongs to the inner trace and leaves it only with
what the function returns: so leave the penalties. All else is caught outside: gradients on their
way into an optimizer, the predictions on theirs to the metrics, the value of which a gradient was
taken. The losses are read from the state of the means that they were fed to.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import keras

from nanwatch.recorder.jax_norms import floats_of, norms
from nanwatch.recorder.patching import Patch, patched
from nanwatch.recorder.penalties import hear_penalties
from nanwatch.recorder.snapshot import optimizers_of

_active = threading.local()
_lock = threading.RLock()


@dataclass
class Update:
    """What is known of gradients on their way into an optimizer.

    Attributes:
        scaled: whether the gradients carry the loss scale of a half precision training.
        rate: the learning rate in effect.
        norms: each gradient's norm.
        variables: the variables that they belong to.
    """

    scaled: bool
    rate: Any
    norms: Any
    variables: list[Any]


@dataclass
class Capture:
    """What one step said while it was traced.

    Attributes:
        updated: names of the means that were updated.
        targets: what gradients were taken of.
        predictions: the floating-point outputs of the model.
        penalties: what regularizers and `add_loss` contributed, [] where nothing did.
        updates: one for every call of an optimizer.
    """

    updated: set[str] = field(default_factory=set)
    targets: list[Any] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    penalties: list[Any] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    depth: int = 0

    @property
    def variables(self) -> list[Any]:
        """The updated variables, in the order of their gradients."""
        return [variable for update in self.updates for variable in update.variables]


@contextlib.contextmanager
def capturing(model: Any, means: list[Any]) -> Iterator[Capture]:
    """Capture what happens in this thread within the block.

    Args:
        means: the metrics of which it is told whether they were updated.
    """
    capture = Capture()
    before = getattr(_active, "capture", None)
    _active.capture = capture
    try:
        with _lock, patched(_patches(model, means, capture)):
            yield capture
    finally:
        _active.capture = before


def _patches(model: Any, means: list[Any], capture: Capture) -> list[Patch]:
    return [
        (jax, "value_and_grad", functools.partial(_hear_targets, capture)),
        (model, "compute_metrics", functools.partial(_hear_predictions, capture)),
        hear_penalties(model, functools.partial(_keep_penalties, capture)),
        *((m, "update_state", functools.partial(_hear_mean, capture, m.name)) for m in means),
        *(
            (o, "stateless_apply", functools.partial(_hear_update, capture, o))
            for o in optimizers_of(model)
        ),
    ]


def _hear_targets(capture: Capture, original: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def value_and_grad(fun: Any, *args: Any, has_aux: bool = False, **kw: Any) -> Any:
        if getattr(_active, "capture", None) is not capture:
            return original(fun, *args, has_aux=has_aux, **kw)

        @functools.wraps(fun)
        def telling(*args: Any, **kw: Any) -> Any:
            found = fun(*args, **kw)
            value, aux = found if has_aux else (found, None)
            return value, (aux, capture.penalties)

        made = original(telling, *args, has_aux=True, **kw)

        @functools.wraps(made)
        def heard(*args: Any, **kw: Any) -> Any:
            with _deeper(capture):
                (value, (aux, capture.penalties)), gradients = made(*args, **kw)
            if not capture.depth:  # the value of an inner one must not leave the outer one
                capture.targets.append(value)
            return ((value, aux) if has_aux else value), gradients

        return heard

    return value_and_grad


@contextlib.contextmanager
def _deeper(capture: Capture) -> Iterator[None]:
    capture.depth += 1
    try:
        yield
    finally:
        capture.depth -= 1


def _keep_penalties(capture: Capture, penalties: list[Any]) -> None:
    """Only inside of a gradient's trace, which brings them out."""
    if capture.depth and getattr(_active, "capture", None) is capture:
        capture.penalties = list(penalties)


def _hear_predictions(capture: Capture, original: Any) -> Callable[..., Any]:
    def compute_metrics(x: Any, y: Any, y_pred: Any, *args: Any, **kw: Any) -> Any:
        if not capture.depth:
            capture.predictions += floats_of(y_pred)
        return original(x, y, y_pred, *args, **kw)

    return compute_metrics


def _hear_mean(capture: Capture, name: str, original: Any) -> Callable[..., Any]:
    def update_state(*args: Any, **kw: Any) -> Any:
        capture.updated.add(name)
        return original(*args, **kw)

    return update_state


def _hear_update(capture: Capture, optimizer: Any, original: Any) -> Callable[..., Any]:
    def stateless_apply(optimizer_variables: Any, grads: Any, trainable_variables: Any) -> Any:
        held = list(zip(optimizer.variables, optimizer_variables, strict=True))
        with keras.StatelessScope(state_mapping=held):
            capture.updates.append(_update(optimizer, list(grads)))
        return original(optimizer_variables, grads, trainable_variables)

    return stateless_apply


def _update(optimizer: Any, gradients: list[Any]) -> Update:
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    scale = keras.ops.convert_to_tensor(optimizer.dynamic_scale) if scaled else 1.0
    rate = keras.ops.convert_to_tensor(optimizer.learning_rate)
    return Update(scaled, rate, norms(gradients) / scale, list(optimizer._trainable_variables))
