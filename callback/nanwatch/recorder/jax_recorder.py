"""The recorder of the JAX backend: installs the instrumented step, hands out what it saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from nanwatch.recorder.base import StepRecorder, unwatched
from nanwatch.recorder.jax_step import ROW, JaxProbe
from nanwatch.recorder.patching import patched
from nanwatch.recorder.row import Layout
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import optimizers_of

KEPT = "_nanwatch_watched"
STATE = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)


@dataclass(frozen=True)
class _Kept:
    """A watched train function and what it was made for."""

    key: tuple[Any, ...]
    probe: JaxProbe
    function: Any


@dataclass
class _Weight:
    """A trainable variable, whose value is found in the step's state."""

    path: str
    shape: tuple[int, ...]
    value: Any


class JaxRecorder(StepRecorder):
    """Watches a train function (state, iterator) -> (logs, state).

    Between the steps the model's variables are empty: their values travel in `state`. So the
    model is told of the newest state before anybody looks at it, and when somebody did, the next
    step begins with what the variables then hold.

    Args:
        guard: hold back updates that are not finite, and keep what they would have spoilt.
        keep_metrics_clean: keep them out of the metrics as well.
    """

    def __init__(
        self, model: Any, *, guard: bool, keep_metrics_clean: bool = False, **more: Any
    ) -> None:
        super().__init__(model, **more)
        self._probe = JaxProbe(model, guard, keep_metrics_clean)
        self._instrumented: Any = None
        self._proven = False

    @property
    def layout(self) -> Layout:
        """What stands where in a step's row."""
        return self._probe.layout

    def _watched(self) -> Callable[..., Any]:
        kept = getattr(self._original, KEPT, None)
        if kept is not None and kept.key == self._key():
            self._probe, self._instrumented, self._proven = kept.probe, kept.function, True
        else:
            self._instrumented = self._instrument()
        return lambda state, iterator: self._run(state, iterator)

    def _key(self) -> tuple[Any, ...]:
        probe, ids = self._probe, [id(optimizer) for optimizer in optimizers_of(self.model)]
        return (probe.guard, probe.keep_metrics_clean, self.model.run_eagerly, *ids)

    def _instrument(self) -> Any:
        """A train function made around the watched step; the model keeps the one that it has.

        `make_train_function` closes over `self.train_step`, so the attribute is set for just that
        moment.
        """
        own = self.model.train_function
        try:
            with patched([(self.model, "train_step", self._probe.wrap)]):
                self.model.make_train_function(force=True)
            return self.model.train_function
        finally:
            self.model.train_function = own

    def _run(self, state: Any, iterator: Any) -> Any:
        """Run the steps of one execution, each with its own batch in sight."""
        logs = None
        for _ in range(self.model.steps_per_execution):
            self._show(state)
            try:
                batch = next(iterator)
            except StopIteration:
                if logs is None:
                    raise
                break
            except (Exception, KeyboardInterrupt) as error:
                self._on_error(self.step, None, error)
                raise
            logs, state = self._run_one(state, batch)
            if self.model.stop_training:
                break
        return logs, state

    def _run_one(self, state: Any, batch: Any) -> Any:
        self.batches.add(self.step, batch)
        held = zip(self.model.trainable_variables, state[0], strict=True)
        weights = [_Weight(variable.path, variable.shape, value) for variable, value in held]
        moves = self._look_closely(weights)
        try:
            logs, state = self._try(state, batch)
        except (Exception, KeyboardInterrupt) as error:
            self._on_error(self.step, batch, error)
            raise
        self._show(state)
        for weight, value in zip(weights, state[0], strict=True):
            weight.value = value
        row = logs.pop(ROW, None)
        self._tell(batch, row, logs, moves)
        return logs, self._seen(state)

    def _undo(self, step: Step) -> None:
        """Nothing: the guard looks at the new state before the step leaves it."""

    def _show(self, state: Any) -> None:
        """Let the model find its newest state when somebody asks for it."""
        self.model._jax_state = dict(zip(STATE, state, strict=True))
        self.model._jax_state_synced = False

    def _seen(self, state: Any) -> Any:
        """The state to go on with: the variables', when they were filled and perhaps changed."""
        if not self.model._jax_state_synced:
            return state
        return self.model._get_jax_state(**dict.fromkeys(STATE, True))

    def _try(self, state: Any, batch: Any) -> Any:
        """The first call traces: should that fail through us, the user's own step runs instead."""
        if self._proven:
            return self._instrumented(state, iter((batch,)))
        try:
            result = self._instrumented(state, iter((batch,)))
        except Exception as error:
            if any(array.is_deleted() for array in jax.tree.leaves(state)):
                raise  # it failed while it ran, and its state is gone
            result = self._original(state, iter((batch,)))
            self._instrumented = self._original
            self.notes.append(unwatched(error))
        else:
            setattr(self._original, KEPT, _Kept(self._key(), self._probe, self._instrumented))
        self._proven = True
        return result
