"""Installs the instrumented step in a model, hands out what it saw, and takes it out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nanwatch.recorder.base import StepRecorder, unwatched
from nanwatch.recorder.culprit import culprit
from nanwatch.recorder.metrics import EpochMetrics
from nanwatch.recorder.moves import Moves
from nanwatch.recorder.replicas import NOTE, unweighted
from nanwatch.recorder.rewind import rewind
from nanwatch.recorder.row import CHECKS, Layout, Row
from nanwatch.recorder.seen import Step
from nanwatch.recorder.snapshot import optimizers_of
from nanwatch.recorder.step import StepProbe
from nanwatch.recorder.strategy import strategy_of, whole
from nanwatch.recorder.validation import ValidationWatch
from nanwatch.recorder.watched import END, WatchedFunction, fetch

KEPT = "_nanwatch_watched"


@dataclass(frozen=True)
class _Kept:
    """A watched train function and what it was made for."""

    key: tuple[Any, ...]
    probe: StepProbe
    function: WatchedFunction


class Recorder(StepRecorder):
    """Watches a train function of the TensorFlow backend.

    Under a distribution strategy no step can hold its own update back. There the recorder goes
    back to the last healthy state after a step that was not finite, and repeats those between.

    Args:
        guard: hold back updates that are not finite, and keep what they would have spoilt.
        keep_metrics_clean: keep them out of the metrics as well.

    Attributes:
        probe: instruments the step.
        validation: watches the validations of the fit.
    """

    def __init__(
        self, model: Any, *, guard: bool, keep_metrics_clean: bool = False, **more: Any
    ) -> None:
        self._distributed = strategy_of(model) is not None
        self._undoes = guard and self._distributed
        super().__init__(model, snapshots=self._undoes, **more)
        holds = guard and not self._distributed
        self.probe = StepProbe(model, holds, keep_metrics_clean, self._begin_flight)
        self.validation = ValidationWatch(model, self._on_error)
        self._function: Any = None
        self._metrics = EpochMetrics(model, keep_metrics_clean or self._undoes)
        self._traced = self._begun = self._alone = False
        self._is_fresh = True
        if self._distributed:
            self.notes.append(NOTE)

    @property
    def layout(self) -> Layout:
        """What stands where in a step's row."""
        return self.probe.layout

    def install(self) -> None:
        """Put the instrumented step in place of `model.train_function`."""
        self.model.make_train_function()
        super().install()

    def epoch_begins(self) -> None:
        """Keras begins its metrics anew."""
        super().epoch_begins()
        self._metrics.begin()
        self._is_fresh = True

    def uninstall(self) -> None:
        """Put the model's own functions back and let go of the batches."""
        self.validation.end()
        super().uninstall()

    def repeat(self, batch: Any) -> None:
        """Make the step over a kept batch once more; nobody is told."""
        self._function.run([batch])

    def _watched(self) -> Callable[..., Any]:
        self._function = self._kept_or_new()
        return lambda iterator: self._run(iterator)

    def _kept_or_new(self) -> WatchedFunction:
        """The watched function of an earlier fit, or a new one: tracing costs a second.

        It is kept on the model's own train function, which Keras makes anew when the model is
        compiled anew, and lives and dies with it.
        """
        kept = getattr(self._original, KEPT, None)
        if kept is None or kept.key != self._key():
            return WatchedFunction(self.model, "train", self.probe.wrap, len(CHECKS))
        self.probe = kept.probe
        watched: WatchedFunction = kept.function
        return watched

    def _key(self) -> tuple[Any, ...]:
        ids = [id(optimizer) for optimizer in optimizers_of(self.model)]
        return (self.probe.guard, self.probe.keep_metrics_clean, self.model.run_eagerly, *ids)

    def _run(self, iterator: Any) -> Any:
        """Run the steps of one execution, each with its own batch in sight."""
        logs, left = None, self.model.steps_per_execution
        while left > 0 and (logs is None or not self.model.stop_training):
            count = 1 if self._alone else self._function.group(left)
            batches, end = self._fetch(iterator, count)
            if batches:
                logs = self._run_group(batches, iterator)
            if end is not None and not isinstance(end, END):
                self._on_error(self.step, None, end)
            if end is not None and (logs is None or not isinstance(end, END)):
                raise end
            left = left - len(batches) if end is None else 0
        return logs

    def _unseen(self) -> None:
        super()._unseen()
        self._is_fresh = True

    def _fetch(self, iterator: Any, count: int) -> tuple[list[Any], Exception | None]:
        try:
            return fetch(iterator, count)
        except KeyboardInterrupt as error:
            self._on_error(self.step, None, error)
            raise

    def _run_group(self, batches: list[Any], iterator: Any) -> Any:
        """Run these steps, in one call when all of them are healthy."""
        logs = None
        while batches and (logs is None or not self.model.stop_training):
            self._before_step()
            moves = self._look_closely(self.probe.updated or self.model.trainable_variables)
            rows, logs = self._steps(batches if moves is None else batches[:1], iterator)
            for batch, row in zip(batches, rows, strict=False):
                self._hand_out(batch, row, logs, moves)
            self.flight.after_step(self.step)
            batches = batches[len(rows) :]
        return logs

    def _before_step(self) -> None:
        self._metrics.before_step()
        if self._undoes and self._is_fresh:  # going back never crosses an epoch's beginning, where
            self.flight.take(self.step)  # Keras resets metrics and callbacks change rates
        self._is_fresh = False

    def _steps(self, batches: list[Any], iterator: Any) -> Any:
        try:
            if self._alone:
                return [None], self._original(iter(batches))
            if self._function.proven and self._traced:
                return self._function.run(batches)
            return self._first_step(batches[:1], iterator)
        except (Exception, KeyboardInterrupt) as error:
            index = culprit(self.model, self._function.run, batches, error)
            self.batches.add(self.step + index, batches[index])
            self._on_error(self.step + index, batches[index], error)
            raise

    def _first_step(self, batches: list[Any], iterator: Any) -> Any:
        """It traces: should that fail through us, the user's own steps run instead.

        Of these only the logs are read.
        """
        try:
            self._function.trace(getattr(iterator, "element_spec", None))
            self._traced = True
            made = self._function.run(batches)
        except Exception as error:  # noqa: BLE001 - a step that cannot be watched must still run
            logs = self._original(iter(batches))
            self.notes.append(unwatched(error))
            self._alone = True
            return [None], logs
        setattr(self._original, KEPT, _Kept(self._key(), self.probe, self._function))
        return made

    def _hand_out(self, batch: Any, row: Row | None, logs: Any, moves: Moves | None) -> None:
        """Tell of a step that was made; should that fail, the fit goes on unwatched."""
        try:
            self.batches.add(self.step, batch)
            if row is None:
                self._on_step(self._means.step(self.step, batch, logs))
            else:
                self._judge(batch, unweighted(row) if self._distributed else row, moves)
        except Exception as error:  # noqa: BLE001 - a door: watching must never harm the training
            self.notes.append(f"watching stopped ({type(error).__name__}: {error})")
            self.uninstall()
        self.step += 1

    def _judge(self, batch: Any, row: Row, moves: Moves | None) -> None:
        step = self._read(whole(self.model, batch), row, moves)
        self.batches.add_rate(step.rate)
        healthy = step.finite and step.update_finite
        if self._undoes and not healthy:
            self._undo(step)
        self._on_step(step)
        self._metrics.after_step(healthy if self._undoes else step.finite)

    def _undo(self, step: Step) -> None:
        reached = rewind(self, step.index, self.repeat)
        if reached is None:
            self.notes.append(
                f"step {step.index} could not be undone: there was no copy to go back to"
            )
        elif reached < step.index:
            self.notes.append(
                f"{step.index - reached} healthy steps were undone with step {step.index}, which "
                "was not finite: too few batches were kept to repeat them"
            )

    def _has_state(self) -> bool:
        return self._function.proven or (self._distributed and self.model.built)

    def _begin_flight(self) -> bool:
        self._begun = self._begun or super()._begin_flight()
        return self._begun
