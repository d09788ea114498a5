"""The instrumented train step of the JAX backend: the user's own, with a row of numbers in logs.

The row is laid out in row.py. It is part of the compiled step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras

from nanwatch.recorder.base import LARGE, loss_means
from nanwatch.recorder.jax_capture import Capture, capturing
from nanwatch.recorder.jax_norms import (
    all_finite,
    floats_of,
    norms,
    scalar,
    slots_finite,
)
from nanwatch.recorder.logs import is_number
from nanwatch.recorder.penalties import SERIES as PENALTIES
from nanwatch.recorder.row import Layout
from nanwatch.recorder.seen import series_of

ROW = "__nanwatch__"
"""The key under which the row travels in the step's logs until the recorder takes it out."""


class JaxProbe:
    """Instruments a model's train step.

    Attributes:
        guard: steps that are not healthy will be taken back, and so the row tells of the weights
            before them.
        layout: what stands where in the row, known once the step was traced.
    """

    def __init__(self, model: Any, guard: bool) -> None:
        self.model = model
        self.guard = guard
        self.layout = Layout()

    def wrap(self, train_step: Callable[..., Any]) -> Callable[..., Any]:
        """The same step, watched; the row is added to its logs."""

        @functools.wraps(train_step)
        def watched(state: Any, data: Any) -> Any:
            means = LossMeans(self.model)
            with capturing(self.model, means.metrics) as capture:
                logs, after = train_step((*state[:3], means.emptied(state[3])), data)
            losses = means.losses(after[3], capture.updated)
            after = (*after[:3], means.refilled(state[3], after[3]))
            logs = {**logs, **means.results(after[3], capture.updated & set(logs))}
            loss = _loss(losses, capture, logs)
            points = _points(capture, logs, losses, loss)
            return {**logs, ROW: self._row(capture, points, data, state, after)}, after

        return watched

    def _row(
        self, capture: Capture, points: dict[str, Any], data: Any, before: Any, after: Any
    ) -> Any:
        loss = all_finite([points["batch/loss"]] if "batch/loss" in points else [])
        gradients = _gradients_finite(capture)
        weights = self._weights(capture, loss & gradients, before[0], after[0])
        sound = _sound(weights, after, points)
        if self.guard:
            sound |= ~(loss & gradients)
        seen = [all_finite(floats_of(data)), all_finite(capture.predictions)]
        scalars = [scalar(value) for value in (*seen, loss, gradients, sound, *points.values())]
        self.layout = Layout(tuple(points), tuple(v.path for v in capture.variables))
        return jnp.concatenate([jnp.stack(scalars), *(u.norms for u in capture.updates), weights])

    def _weights(self, capture: Capture, healthy: Any, before: list[Any], after: list[Any]) -> Any:
        """The norms of the weights that stay: those before the step when it is to be taken back."""
        places = {id(v): at for at, v in enumerate(self.model.trainable_variables)}
        held = [places[id(variable)] for variable in capture.variables]
        new, old = ([values[at] for at in held] for values in (after, before))
        if not self.guard:
            return norms(new)
        return jax.lax.cond(healthy, lambda: norms(new), lambda: norms(old))


def _sound(weights: Any, after: Any, points: dict[str, Any]) -> Any:
    """Whether the state after the step is finite."""
    small = points.get("batch/grad_norm", jnp.inf) < LARGE
    return all_finite([weights, *floats_of(after[1])]) & slots_finite(floats_of(after[2]), small)


def _gradients_finite(capture: Capture) -> Any:
    return all_finite([update.norms for update in capture.updates if not update.scaled])


def _points(
    capture: Capture, logs: dict[str, Any], losses: dict[str, Any], loss: Any
) -> dict[str, Any]:
    points: dict[str, Any] = {}
    if capture.updates:
        every = jnp.concatenate([update.norms for update in capture.updates])
        points["batch/grad_norm"] = norms([every])[0]
        points["batch/learning_rate"] = capture.updates[0].rate
    parts = {name: value for name, value in losses.items() if name != "loss"}
    running = {series_of(key): value for key, value in logs.items() if key not in parts}
    points |= {name: value for name, value in running.items() if is_number(value)}
    if capture.penalties:
        points[PENALTIES] = sum(map(jnp.sum, capture.penalties))
    points |= {f"batch/{name}": value for name, value in parts.items()}
    return points if loss is None else {**points, "batch/loss": loss}


class LossMeans:
    """The running means of the losses, total and each output's.

    Some are updated inside of the gradient's trace, where no value can be taken from. Emptied
    before the step, they hold the batch's own loss after it, and their past is added back then:
    the very sum that Keras would have made.
    """

    def __init__(self, model: Any) -> None:
        self.metrics = loss_means(model)
        places = {id(variable): at for at, variable in enumerate(model.metrics_variables)}
        self._at = {m.name: (places[id(m.total)], places[id(m.count)]) for m in self.metrics}

    def emptied(self, values: list[Any]) -> list[Any]:
        """The state of all metrics in which these have seen nothing yet."""
        own = {at for pair in self._at.values() for at in pair}
        return [jnp.zeros_like(v) if at in own else v for at, v in enumerate(values)]

    def refilled(self, before: list[Any], values: list[Any]) -> list[Any]:
        """The state after the step, with the past added to what the emptied ones saw."""
        own = {at for pair in self._at.values() for at in pair}
        return [before[at] + v if at in own else v for at, v in enumerate(values)]

    def losses(self, values: list[Any], updated: set[str]) -> dict[str, Any]:
        """The batch's losses by name, from the means that were emptied before it."""
        pairs = {name: pair for name, pair in self._at.items() if name in updated}
        return {name: values[total] / values[count] for name, (total, count) in pairs.items()}

    def results(self, values: list[Any], names: set[str]) -> dict[str, Any]:
        """What the named means report."""
        pairs = {name: pair for name, pair in self._at.items() if name in names}
        divide = keras.ops.divide_no_nan
        return {
            name: divide(values[total], values[count]) for name, (total, count) in pairs.items()
        }


def _loss(losses: dict[str, Any], capture: Capture, logs: dict[str, Any]) -> Any:
    """The batch's loss from the best source there is; None without one."""
    if "loss" in losses:
        return losses["loss"]
    return capture.targets[0] if capture.targets else logs.get("loss")
