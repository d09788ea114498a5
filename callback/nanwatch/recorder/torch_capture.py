"""What happens inside a train step of the torch backend, seen through scoped patches."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import torch
from keras import tree

from nanwatch.recorder.patching import Patch, patched
from nanwatch.recorder.penalties import hear_penalties
from nanwatch.recorder.snapshot import optimizers_of

_lock = threading.RLock()


@dataclass
class Update:
    """Gradients on their way into an optimizer.

    Attributes:
        apply: does the update.
    """

    optimizer: Any
    apply: Callable[[], None]
    gradients: list[Any]
    variables: list[Any]


@dataclass
class Capture:
    """What one step said while it ran.

    Attributes:
        means: the losses by name that were fed to their running means.
        targets: what gradients were taken of.
        compute_loss: the last result of `Model.compute_loss`, or None.
        predictions: the floating-point outputs of the model.
        penalties: what regularizers and `add_loss` contributed, [] where nothing did.
        updates: what was handed to each optimizer, in order.
    """

    means: dict[str, Any] = field(default_factory=dict)
    targets: list[Any] = field(default_factory=list)
    compute_loss: Any = None
    predictions: list[Any] = field(default_factory=list)
    penalties: list[Any] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)

    @property
    def loss(self) -> Any:
        """The loss that the step reports, from the best source there is; None without one."""
        if "loss" in self.means:
            return self.means["loss"]
        if self.compute_loss is not None:
            return self.compute_loss
        return self.targets[0] if self.targets else None

    @property
    def parts(self) -> dict[str, Any]:
        """The other losses by name, such as one output's."""
        return {name: value for name, value in self.means.items() if name != "loss"}


@contextlib.contextmanager
def capturing(
    model: Any, means: list[Any], apply: Callable[[Capture, Update], None]
) -> Iterator[Capture]:
    """Capture what happens within the block.

    Args:
        means: the running means of the losses.
        apply: called in place of each optimizer's own `apply`; it decides what becomes of the
            update.
    """
    capture = Capture()
    patches: list[Patch] = [
        (model, "compute_loss", functools.partial(_hear_loss, capture)),
        (model, "compute_metrics", functools.partial(_hear_predictions, capture)),
        hear_penalties(model, functools.partial(_keep_penalties, capture)),
        *((m, "update_state", functools.partial(_hear_mean, capture, m.name)) for m in means),
        *(
            (o, "apply", functools.partial(_hear_update, capture, o, apply))
            for o in optimizers_of(model)
        ),
    ]
    with patched(patches), _hearing_targets(model, capture):
        yield capture


@contextlib.contextmanager
def _hearing_targets(model: Any, capture: Capture) -> Iterator[None]:
    """A train step of the user's own may tell of its loss nowhere but in `loss.backward()`."""
    if type(model).train_step is keras.Model.train_step:
        yield
        return
    thread = threading.get_ident()

    def hear(original: Any) -> Callable[..., Any]:
        def backward(tensor: Any, *args: Any, **kw: Any) -> Any:
            if threading.get_ident() == thread:
                capture.targets.append(tensor.detach())
            return original(tensor, *args, **kw)

        return backward

    with _lock, patched([(torch.Tensor, "backward", hear)]):
        yield


def _hear_loss(capture: Capture, original: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def compute_loss(*args: Any, **kw: Any) -> Any:
        loss = original(*args, **kw)
        capture.compute_loss = _detached(loss)
        return loss

    return compute_loss


def _keep_penalties(capture: Capture, penalties: list[Any]) -> None:
    capture.penalties = [_detached(penalty) for penalty in penalties]


def _hear_predictions(capture: Capture, original: Any) -> Callable[..., Any]:
    def compute_metrics(x: Any, y: Any, y_pred: Any, *args: Any, **kw: Any) -> Any:
        capture.predictions += floats_of(y_pred)
        return original(x, y, y_pred, *args, **kw)

    return compute_metrics


def _hear_mean(capture: Capture, name: str, original: Any) -> Callable[..., Any]:
    def update_state(values: Any, *args: Any, **kw: Any) -> Any:
        capture.means[name] = _detached(values)
        return original(values, *args, **kw)

    return update_state


def _hear_update(
    capture: Capture, optimizer: Any, apply: Callable[[Capture, Update], None], original: Any
) -> Callable[..., Any]:
    def listener(grads: Any, trainable_variables: Any = None) -> None:
        held = (
            optimizer._trainable_variables if trainable_variables is None else trainable_variables
        )
        gradients = list(grads)
        call = functools.partial(original, gradients, trainable_variables)
        update = Update(optimizer, call, gradients, list(held))
        capture.updates.append(update)
        apply(capture, update)

    return listener


def floats_of(structure: Any) -> list[Any]:
    """The floating-point tensors in a structure, without what gradients need of them."""
    tensors = [leaf for leaf in tree.flatten(structure) if isinstance(leaf, torch.Tensor)]
    return [tensor.detach() for tensor in tensors if tensor.is_floating_point()]


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, torch.Tensor) else value
