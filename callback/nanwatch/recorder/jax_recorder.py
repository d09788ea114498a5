"""The recorder of the JAX backend: installs the instrumented step, hands out what it saw."""

from __future__ import annotations

import functools
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
JaxStep = Callable[[Any, Any], tuple[dict[str, Any], Any]]
"""Takes a state and a batch, returns logs and the next state."""

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
    step: JaxStep


@dataclass
class _Weight:
    """A trainable variable, whose value is found in the newest state."""

    path: str
    shape: tuple[int, ...]
    find: Callable[[], Any]

    @property
    def value(self) -> Any:
        """The value of now."""
        return self.find()


class JaxRecorder(StepRecorder):
    """Watches a train function (state, iterator) -> (logs, state).

    Between the steps the model's variables are empty: their values travel in `state`. So the
    model is told of the newest state before anybody looks at it, and when somebody did, the next
    step begins with what the variables then hold.

    The guard keeps the state before a step until the row says that it was healthy. So that state
    is not donated to the step, which makes the new one beside it.

    Args:
        guard: hold back updates that are not finite, and keep what they would have spoilt.
        keep_metrics_clean: keep them out of the metrics as well.
    """

    def __init__(
        self, model: Any, *, guard: bool, keep_metrics_clean: bool = False, **more: Any
    ) -> None:
        super().__init__(model, **more)
        self._guard = guard
        self._guarded = len(STATE) if keep_metrics_clean else len(STATE) - 1
        self._probe = JaxProbe(model, guard)
        self._state: Any = None
        self._before: Any = None
        self._weights: list[_Weight] = []
        self._watched_step: JaxStep = self._own_step
        self._proven = False

    @property
    def layout(self) -> Layout:
        """What stands where in a step's row."""
        return self._probe.layout

    def uninstall(self) -> None:
        """Put the model's own train function back and let go of the batches and the state."""
        super().uninstall()
        self._state = None

    def _watched(self) -> Callable[..., Any]:
        kept = getattr(self._original, KEPT, None)
        if kept is not None and kept.key == self._key():
            self._probe, self._watched_step, self._proven = kept.probe, kept.step, True
        else:
            self._watched_step = self._instrument()
        self._weights = [
            _Weight(v.path, v.shape, functools.partial(self._weight, at))
            for at, v in enumerate(self.model.trainable_variables)
        ]
        return lambda state, iterator: self._run(state, iterator)

    def _key(self) -> tuple[Any, ...]:
        ids = [id(optimizer) for optimizer in optimizers_of(self.model)]
        return (self._guard, self.model.run_eagerly, *ids)

    def _weight(self, at: int) -> Any:
        return self._state[0][at]

    def _instrument(self) -> JaxStep:
        """The watched step, compiled as Keras does it; the model keeps the function that it has.

        `make_train_function` closes over `self.train_step`, so the attribute is set for just that
        moment. What it makes donates its first argument, so a guarded state is handed in beside
        the batch.
        """
        own = self.model.train_function
        wrap = _beside if self._guard else _as_it_is
        try:
            with patched([(self.model, "train_step", lambda step: wrap(self._probe.wrap(step)))]):
                self.model.make_train_function(force=True)
            made = self.model.train_function
        finally:
            self.model.train_function = own
        if self._guard:
            return lambda state, batch: made((), iter(((state, batch),)))
        return lambda state, batch: made(state, iter((batch,)))

    def _own_step(self, state: Any, batch: Any) -> Any:
        return self._original(state, iter((batch,)))

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
        moves = self._look_closely(self._weights)
        try:
            logs, after = self._try(state, batch)
        except (Exception, KeyboardInterrupt) as error:
            self._on_error(self.step, batch, error)
            raise
        self._show(after)
        row = logs.pop(ROW, None)
        self._before = state if self._guard and row is not None else None
        self._tell(batch, row, logs, moves)
        self._before = None
        return logs, self._seen(self._state)

    def _undo(self, step: Step) -> None:  # noqa: ARG002 - the base's signature
        """Go on with the state from before the step."""
        if self._before is not None:
            kept = self._guarded
            self._show((*self._before[:kept], *self._state[kept:]))

    def _show(self, state: Any) -> None:
        """Let the model find its newest state when somebody asks for it.

        Written past the model's `__setattr__`, which would look through all of it for layers.
        """
        self._state = state
        found = dict(zip(STATE, state, strict=True))
        vars(self.model).update(_jax_state=found, _jax_state_synced=False)

    def _seen(self, state: Any) -> Any:
        """The state to go on with: the variables', when they were filled and perhaps changed."""
        if not self.model._jax_state_synced:
            return state
        return self.model._get_jax_state(**dict.fromkeys(STATE, True))

    def _try(self, state: Any, batch: Any) -> Any:
        """The first call traces: should that fail through us, the user's own step runs instead."""
        if self._proven:
            return self._watched_step(state, batch)
        try:
            result = self._watched_step(state, batch)
        except Exception as error:
            if any(array.is_deleted() for array in jax.tree.leaves(state)):
                raise  # it failed while it ran, and its state is gone
            result = self._own_step(state, batch)
            self._watched_step = self._own_step
            self.notes.append(unwatched(error))
        else:
            setattr(self._original, KEPT, _Kept(self._key(), self._probe, self._watched_step))
        self._proven = True
        return result


def _as_it_is(step: JaxStep) -> JaxStep:
    return step


def _beside(step: JaxStep) -> Callable[[Any, Any], Any]:
    """The same step, for which the state stands beside the batch."""
    return lambda _, both: step(*both)
