"""The instrumented train step of the JAX backend: the user's own, with a row of numbers in logs.

The row is laid out in row.py. It is part of the compiled step, as is the guard.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import keras

from nanwatch.recorder.base import loss_means
from nanwatch.recorder.jax_capture import Capture, capturing
from nanwatch.recorder.jax_norms import (
    all_finite,
    chosen,
    floats_of,
    norms,
    scalar,
    slots_finite,
)
from nanwatch.recorder.row import Layout
from nanwatch.recorder.seen import series_of

ROW = "__nanwatch__"
"""The key under which the row travels in the step's logs until the recorder takes it out."""


class JaxProbe:
    """Instruments a model's train step.

    Attributes:
        guard: keep weights, optimizer slots and all other state as they were when loss, gradients
            or the new state are not finite.
        keep_metrics_clean: keep the metrics as well, for trainings that go on.
        layout: what stands where in the row, known once the step was traced.
    """

    def __init__(self, model: Any, guard: bool, keep_metrics_clean: bool) -> None:
        self.model = model
        self.guard = guard
        self.keep_metrics_clean = keep_metrics_clean
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
            healthy = [all_finite([] if loss is None else [loss]), _gradients_finite(capture)]
            sound, after = self._guarded(state, after, healthy[0] & healthy[1], points)
            flags = [all_finite(floats_of(data)), all_finite(capture.predictions), *healthy, sound]
            return {**logs, ROW: self._row(flags, points, capture, after)}, after

        return watched

    def _guarded(
        self, state: Any, after: Any, healthy: Any, points: dict[str, Any]
    ) -> tuple[Any, Any]:
        """Whether the update is finite if the step was healthy, and the state that is left."""
        finite = all_finite([norms(after[0])])
        if not self.guard:
            return finite, after
        norm = points.get("batch/grad_norm", jnp.inf)
        finite &= all_finite(floats_of(after[1])) & slots_finite(floats_of(after[2]), norm)
        kept = 4 if self.keep_metrics_clean else 3
        new, old = ([list(part) for part in whole[:kept]] for whole in (after, state))
        return finite | ~healthy, (*chosen(finite & healthy, new, old), *after[kept:])

    def _row(self, flags: list[Any], points: dict[str, Any], capture: Capture, after: Any) -> Any:
        held = [variable for update in capture.updates for variable in update.variables]
        places = {id(v): at for at, v in enumerate(self.model.trainable_variables)}
        weights = norms([after[0][places[id(variable)]] for variable in held])
        self.layout = Layout(tuple(points), tuple(variable.path for variable in held))
        scalars = jnp.stack([scalar(value) for value in (*flags, *points.values())])
        return jnp.concatenate([scalars, *(update.norms for update in capture.updates), weights])


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
    points |= {name: value for name, value in running.items() if jnp.ndim(value) == 0}
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
