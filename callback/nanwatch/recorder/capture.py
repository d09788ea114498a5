"""What happens inside a train step while it runs or is traced, seen through scoped patches.

The public names that are patched - `GradientTape.gradient`, `Mean.update_state`,
`Model.compute_loss`, `Optimizer.apply` - exist in every Keras 3. The patches answer only to threads
that run a step of the same model, so two fits in two threads do not see each other.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from nanwatch.recorder.patching import Patch, patched
from nanwatch.recorder.penalties import hear_penalties
from nanwatch.recorder.replicas import is_replica
from nanwatch.recorder.snapshot import optimizers_of

Apply = Callable[["Capture", "Update"], None]

_active = threading.local()
_lock = threading.RLock()


@dataclass
class Update:
    """Gradients on their way into an optimizer.

    Attributes:
        apply: the optimizer's own `apply(gradients, variables)`.
    """

    optimizer: Any
    apply: Callable[[list[Any], list[Any]], None]
    gradients: list[Any]
    variables: list[Any]


@dataclass
class Capture:
    """What one step said while it ran.

    Attributes:
        model: whose step it is.
        apply: called in place of each optimizer's own `apply`; it decides what becomes of the
            update.
        means: name and value of every `Mean` that was updated, in order.
        targets: what gradients by variables were taken of; other gradients, such as those of a
            gradient penalty, are parts of a loss.
        unscaled: the loss before an optimizer scaled it for half precision, or None.
        compute_loss: the last result of `Model.compute_loss`, or None.
        predictions: every output that the model itself made.
        penalties: what regularizers and `add_loss` contributed, () where nothing did.
        updates: what was handed to each optimizer, in order.
        measured: what was measured of each update, in order.
    """

    model: Any
    apply: Apply
    means: list[tuple[str, Any]] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)
    unscaled: Any = None
    compute_loss: Any = None
    predictions: list[Any] = field(default_factory=list)
    penalties: tuple[Any, ...] = ()
    updates: list[Update] = field(default_factory=list)
    measured: list[Any] = field(default_factory=list)
    depth: int = 0

    @property
    def loss(self) -> Any:
        """The loss that the step reports, from the best source there is; None without one."""
        named = next((value for name, value in self.means if name == "loss"), None)
        if named is not None:
            return named
        if self.compute_loss is not None:
            return self.compute_loss
        if self.unscaled is not None:
            return self.unscaled
        return self.targets[0] if self.targets else None

    @property
    def parts(self) -> dict[str, Any]:
        """The other scalar losses by name, such as one output's."""
        return {
            name: value
            for name, value in self.means
            if name.endswith("_loss") and getattr(value, "shape", None) == ()
        }


@contextlib.contextmanager
def capturing(model: Any, apply: Apply) -> Iterator[Capture]:
    """Capture what happens in this thread within the block.

    Args:
        apply: called in place of each optimizer's own `apply`; it decides what becomes of the
            update.
    """
    capture = Capture(model, apply)
    before = getattr(_active, "capture", None)
    _active.capture = capture
    try:
        with contextlib.nullcontext() if is_replica() else listening(model):
            yield capture
    finally:
        _active.capture = before


@contextlib.contextmanager
def listening(model: Any) -> Iterator[None]:
    """Hear, within the block, what every thread that captures does with `model`.

    The threads of a distribution strategy take turns in the middle of a step, so none of them
    could hold the patches for itself.
    """
    with _lock, patched(_patches(model)):
        yield


def _patches(model: Any) -> list[Patch]:
    hear = functools.partial(_hear, model)
    return [
        (keras.metrics.Mean, "update_state", hear(_on_mean)),
        (tf.GradientTape, "gradient", hear(_on_gradient)),
        (model, "compute_loss", hear(_on_compute_loss)),
        (keras.layers.Layer, "__call__", hear(_on_call)),
        _hear_penalties(model),
        *((o, "apply", hear(functools.partial(_on_apply, o))) for o in optimizers_of(model)),
        *((o, "scale_loss", hear(_on_scale)) for o in optimizers_of(model)),
    ]


def _hear(model: Any, listener: Callable[..., Any]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        @functools.wraps(original)
        def heard(*args: Any, **kwargs: Any) -> Any:
            capture = _capture_of(model)
            if capture is None:
                return original(*args, **kwargs)
            return listener(capture, original, *args, **kwargs)

        return heard

    return make


def _capture_of(model: Any) -> Capture | None:
    """What this thread captures, if that is a step of `model`."""
    capture: Capture | None = getattr(_active, "capture", None)
    return capture if capture is not None and capture.model is model else None


def _on_mean(
    capture: Capture, original: Any, metric: Any, values: Any, *args: Any, **kw: Any
) -> Any:
    capture.means.append((metric.name, values))
    return original(metric, values, *args, **kw)


def _on_gradient(
    capture: Capture, original: Any, tape: Any, target: Any, sources: Any, *args: Any, **kw: Any
) -> Any:
    if all(isinstance(source, tf.Variable | keras.Variable) for source in tf.nest.flatten(sources)):
        capture.targets.append(target)
    return original(tape, target, sources, *args, **kw)


def _on_scale(capture: Capture, original: Any, loss: Any) -> Any:
    capture.unscaled = loss if capture.unscaled is None else capture.unscaled
    return original(loss)


def _on_compute_loss(capture: Capture, original: Any, *args: Any, **kw: Any) -> Any:
    capture.compute_loss = original(*args, **kw)
    return capture.compute_loss


def _on_call(capture: Capture, original: Any, layer: Any, *args: Any, **kw: Any) -> Any:
    output = original(layer, *args, **kw)
    if layer is capture.model:
        capture.predictions.append(output)
    return output


def _hear_penalties(model: Any) -> Patch:
    def listen(penalties: list[Any]) -> None:
        capture = _capture_of(model)
        if capture is not None:
            capture.penalties = tuple(penalties)

    return hear_penalties(model, listen)


def _on_apply(
    optimizer: Any, capture: Capture, original: Any, grads: Any, trainable_variables: Any = None
) -> None:
    if capture.depth:  # a wrapping optimizer calls its inner one: seen once is enough
        original(grads, trainable_variables)
        return
    held = optimizer._trainable_variables if trainable_variables is None else trainable_variables
    update = Update(optimizer, original, list(grads), list(held))
    capture.updates.append(update)
    capture.depth += 1
    try:
        capture.apply(capture, update)
    finally:
        capture.depth -= 1
