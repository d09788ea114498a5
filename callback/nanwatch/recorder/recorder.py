"""Installs the instrumented step in a model, hands out what it saw, and takes it out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.recorder.culprit import culprit
from nanwatch.recorder.flight import FlightRecorder
from nanwatch.recorder.memory import BUDGET
from nanwatch.recorder.metrics import EpochMetrics
from nanwatch.recorder.moves import Moves
from nanwatch.recorder.pace import Pace
from nanwatch.recorder.ranges import data_series
from nanwatch.recorder.replicas import NOTE, unweighted
from nanwatch.recorder.rewind import rewind
from nanwatch.recorder.row import CHECKS
from nanwatch.recorder.seen import NOTHING, Step, original_of
from nanwatch.recorder.snapshot import Snapshot, optimizers_of
from nanwatch.recorder.standin import FitLeftError, StandIn
from nanwatch.recorder.step import StepProbe
from nanwatch.recorder.strategy import strategy_of, whole
from nanwatch.recorder.validation import ValidationWatch
from nanwatch.recorder.watched import END, Row, WatchedFunction, fetch

KEPT = "_nanwatch_watched"


@dataclass(frozen=True)
class _Kept:
    """A watched train function and what it was made for."""

    key: tuple[Any, ...]
    probe: StepProbe
    function: WatchedFunction


class Recorder:
    """Watches the train function of one model during one fit.

    Under a distribution strategy no step can hold its own update back. There the recorder goes
    back to the last healthy state after a step that was not finite, and repeats those between.

    Args:
        guard: hold back updates that are not finite, and keep what they would have spoilt.
        keep_metrics_clean: keep them out of the metrics as well.
        full: keep copies of the model's state for replays, and look closely at some steps.
        every: the steps between two that are logged, of which some are looked at closely.
        on_step: called after every step.
        memory: bytes for the batches and copies of the model's state that are kept.
        on_error: called with the batch and what the step raised, before it goes on.

    Attributes:
        flight: what is kept for the autopsy.
        batches: the last batches, the current one included.
        notes: what could not be recorded, and why.
        validation: watches the validations of the fit.
    """

    def __init__(
        self,
        model: Any,
        *,
        guard: bool,
        on_step: Callable[[Step], None],
        on_error: Callable[[int, Any, BaseException], None],
        keep_metrics_clean: bool = False,
        full: bool = True,
        every: int | None = 1,
        memory: int = BUDGET,
    ) -> None:
        self.model = model
        self._distributed = strategy_of(model) is not None
        self._undoes = guard and self._distributed
        self.flight = FlightRecorder(model, full or self._undoes, memory)
        self.batches, self.notes = self.flight.batches, self.flight.notes
        holds = guard and not self._distributed
        self.probe = StepProbe(model, holds, keep_metrics_clean, self._begin_flight)
        self.validation = ValidationWatch(model, on_error)
        self.step = 0
        self._on_step = on_step
        self._on_error = on_error
        self._original: Any = None
        self._standin: StandIn | None = None
        self._watched: Any = None
        self._metrics = EpochMetrics(model, keep_metrics_clean or self._undoes)
        self._pace = Pace(every if full else None)
        self._full = full
        self._traced = self._begun = False
        self._is_fresh = True
        if self._distributed:
            self.notes.append(NOTE)

    @property
    def start(self) -> Snapshot | None:
        """The state in which the fit began."""
        return self.flight.start

    @property
    def healthy(self) -> Snapshot | None:
        """The last copy of a finite state."""
        return self.flight.healthy

    def install(self) -> None:
        """Put the instrumented step in place of `model.train_function`."""
        self.model.make_train_function()
        self._original = original_of(self.model.train_function)
        self._watched = self._kept_or_new()
        if self._distributed and self.model.built:
            self._begin_flight()
        self._standin = StandIn(self.model, "train_function", self._run, self._left)

    def epoch_begins(self) -> None:
        """Keras begins its metrics anew."""
        self._metrics.begin()
        self._is_fresh = True

    def uninstall(self) -> None:
        """Put the model's own train function back and let go of the batches."""
        if self._standin is not None:
            self._standin.leave()
        self.validation.end()
        self.flight.end()

    def repeat(self, batch: Any) -> None:
        """Make the step over a kept batch once more; nobody is told."""
        self._watched.run([batch])

    def _kept_or_new(self) -> WatchedFunction:
        """The watched function of an earlier fit, or a new one: tracing costs a second.

        It is kept on the model's own train function, which Keras makes anew when the model is
        compiled anew, and lives and dies with it.
        """
        kept = getattr(self._original, KEPT, None)
        if kept is None or kept.key != self._key():
            return WatchedFunction(self.model, "train", self.probe.wrap, len(CHECKS))
        self.probe = kept.probe
        self._begin_flight()
        watched: WatchedFunction = kept.function
        return watched

    def _key(self) -> tuple[Any, ...]:
        ids = [id(optimizer) for optimizer in optimizers_of(self.model)]
        return (
            self.probe.guard,
            self.probe.keep_metrics_clean,
            self.model.run_eagerly,
            *ids,
        )

    def _run(self, iterator: Any) -> Any:
        """Run the steps of one execution, each with its own batch in sight."""
        logs, left = None, self.model.steps_per_execution
        while left > 0 and (logs is None or not self.model.stop_training):
            batches, end = self._fetch(iterator, self._watched.group(left))
            if batches:
                logs = self._run_group(batches, iterator)
            if end is not None and not isinstance(end, END):
                self._on_error(self.step, None, end)
            if end is not None and (logs is None or not isinstance(end, END)):
                raise end
            left = left - len(batches) if end is None else 0
        return logs

    def _left(self) -> None:
        self._on_error(self.step, None, FitLeftError("another fit of the model began"))
        self.uninstall()

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
            moves = self._look_closely()
            rows, logs = self._steps(batches if moves is None else batches[:1], iterator)
            for batch, row in zip(batches, rows, strict=False):
                self._tell(batch, row, moves)
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
            if self._watched.proven and self._traced:
                return self._watched.run(batches)
            return self._first_step(batches[:1], iterator)
        except (Exception, KeyboardInterrupt) as error:
            index = culprit(self.model, self._watched.run, batches, error)
            self.batches.add(self.step + index, batches[index])
            self._on_error(self.step + index, batches[index], error)
            raise

    def _first_step(self, batches: list[Any], iterator: Any) -> Any:
        """It traces: should that fail through us, the user's own step runs instead."""
        try:
            self._watched.trace(getattr(iterator, "element_spec", None))
            self._traced = True
            made = self._watched.run(batches)
        except Exception as error:  # noqa: BLE001 - a step that cannot be watched must still run
            logs = self._original(iter(batches))
            self.notes.append(f"the step could not be watched ({type(error).__name__}: {error})")
            self.uninstall()
            return [None], logs
        setattr(self._original, KEPT, _Kept(self._key(), self.probe, self._watched))
        return made

    def _tell(self, batch: Any, row: Row | None, moves: Moves | None) -> None:
        self.batches.add(self.step, batch)
        if row is not None:
            row = unweighted(row) if self._distributed else row
            step = self._read(whole(self.model, batch), row, moves)
            healthy = step.finite and step.update_finite
            if self._undoes and not healthy:
                self._undo()
            self._on_step(step)
            self._metrics.after_step(healthy if self._undoes else step.finite)
        self.step += 1

    def _undo(self) -> None:
        """Take back a step that could not hold itself back."""
        reached = rewind(self, self.step, self.repeat)
        if reached is None:
            self.notes.append(
                f"step {self.step} could not be undone: there was no copy to go back to"
            )
        elif reached < self.step:
            self.notes.append(
                f"{self.step - reached} healthy steps were undone with step {self.step}, which was "
                "not finite: too few batches were kept to repeat them"
            )

    def _look_closely(self) -> Moves | None:
        """Begin to measure the update that comes, if this step is to be looked at closely."""
        if not self._pace.is_due(self.step):
            return None
        with self._pace.looking():
            return Moves(self.probe.updated or self.model.trainable_variables)

    def _read(self, batch: Any, row: NDArray[np.float64], moves: Moves | None) -> Step:
        layout = self.probe.layout
        faults = layout.faults(row)
        finite = "loss" not in faults and "gradients" not in faults
        told = self._full and (moves is not None or not finite)
        return Step(
            self.step,
            batch,
            layout.points,
            layout.values(row),
            finite,
            "weights" not in faults,
            self._details(batch, row, moves) if told else NOTHING,
            faults,
        )

    def _details(
        self, batch: Any, row: NDArray[np.float64], moves: Moves | None
    ) -> dict[str, float]:
        with self._pace.looking():
            layout = self.probe.layout
            known = moves is not None and moves.paths == layout.variables
            norms = moves.norms() if moves is not None and known else None
            layers = layout.details(row, self.model.name, norms)
            return layers | data_series(self.model, batch)

    def _begin_flight(self) -> bool:
        self._begun = self._begun or self.flight.begin(self.step)
        return self._begun
