"""A model's train step once more, outside of its fit, in the way of each backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras


class Slopes(NamedTuple):
    """A step of which no update was made.

    Attributes:
        loss: the batch's loss, None when it is not known.
        gradients: variables with their gradients, None for none.
        update: makes the updates that were not made, on TensorFlow.
    """

    loss: Any
    gradients: list[tuple[Any, Any]]
    update: Callable[[], None] = lambda: None


def slopes_of(model: Any, batch: Any) -> Slopes:
    """Run the step over `batch`, all but its update, with every layer called on real values."""
    return _SLOPES[keras.backend.backend()](model, batch)


def make_step(model: Any, batch: Any, step: Callable[..., Any] | None = None) -> Any:
    """Run the step over `batch`, update included.

    Args:
        step: the model's train step, where it is another one than as it stands.

    Returns:
        The step's logs.
    """
    step = step or model.train_step
    if keras.backend.backend() != "jax":
        return step(batch)
    held = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    logs, state = step(tuple([v.value for v in part] for part in held), batch)
    for part, values in zip(held, state, strict=True):
        for variable, value in zip(part, values, strict=True):
            variable.assign(value)
    return logs


def _on_tensorflow(model: Any, batch: Any) -> Slopes:
    from nanwatch.recorder.capture import capturing

    with capturing(model, lambda *_: None) as capture:
        model.train_step(batch)

    def update() -> None:
        for each in capture.updates:
            each.apply(each.gradients, each.variables)

    return _captured(capture)._replace(update=update)


def _on_torch(model: Any, batch: Any) -> Slopes:
    from nanwatch.recorder.base import loss_means
    from nanwatch.recorder.torch_capture import capturing

    with capturing(model, loss_means(model), lambda *_: None) as capture:
        model.train_step(batch)
    return _captured(capture)


def _on_jax(model: Any, batch: Any) -> Slopes:
    """A forward pass on real values, then the gradients: these are taken of symbols."""
    import jax

    x, y, weight = keras.utils.unpack_x_y_sample_weight(batch)
    training = {"training": True} if model._call_has_training_arg else {}
    loss = model.compute_loss(x, y, model(x, **training), weight, training=True)
    trainable = [v.value for v in model.trainable_variables]
    gradients, _ = jax.grad(model.compute_loss_and_updates, has_aux=True)(
        trainable,
        [v.value for v in model.non_trainable_variables],
        [v.value for v in model.metrics_variables],
        x,
        y,
        weight,
        training=True,
        optimizer_variables=[v.value for v in model.optimizer.variables],
    )
    return Slopes(loss, list(zip(model.trainable_variables, gradients, strict=True)))


def _captured(capture: Any) -> Slopes:
    pairs = [
        pair
        for update in capture.updates
        for pair in zip(update.variables, update.gradients, strict=True)
    ]
    return Slopes(capture.loss, pairs)


_SLOPES: dict[str, Callable[[Any, Any], Slopes]] = {
    "tensorflow": _on_tensorflow,
    "jax": _on_jax,
    "torch": _on_torch,
}
