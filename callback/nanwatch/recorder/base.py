"""What the recorders of all backends share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from nanwatch.recorder.flight import FlightRecorder
from nanwatch.recorder.logs import RunningLoss
from nanwatch.recorder.memory import BUDGET
from nanwatch.recorder.moves import Moves
from nanwatch.recorder.pace import Pace
from nanwatch.recorder.ranges import data_series
from nanwatch.recorder.row import Layout, Row
from nanwatch.recorder.seen import NOTHING, Step, original_of
from nanwatch.recorder.snapshot import Snapshot, fill_variables
from nanwatch.recorder.standin import FitLeftError, StandIn

LARGE = 1e15
"""A gradient of this norm may, after many steps, make an optimizer's sum of squares overflow."""


class StepRecorder(ABC):
    """Watches the train function of one model during one fit, step by step.

    Args:
        full: keep copies of the model's state, and look closely at some steps.
        every: the steps between two that are logged, of which some are looked at closely.
        on_step: called after every step.
        on_error: called with the batch and what the step raised, before it goes on.
        memory: bytes for the batches and copies of the model's state that are kept.
        snapshots: keep copies of the model's state even if not `full`.

    Attributes:
        step: the global step that comes next; `first` is the one that came first.
        flight: what is kept for the autopsy.
        batches: the last batches, the current one included.
        notes: what could not be recorded, and why.
    """

    def __init__(
        self,
        model: Any,
        *,
        full: bool = True,
        every: int | None = 1,
        on_step: Callable[[Step], None],
        on_error: Callable[[int, Any, BaseException], None],
        memory: int = BUDGET,
        snapshots: bool = False,
    ) -> None:
        self.model = model
        self.step = self.first = 0
        self.flight = FlightRecorder(model, full or snapshots, memory)
        self.batches, self.notes = self.flight.batches, self.flight.notes
        self._full = full
        self._pace = Pace(every if full else None)
        self._on_step = on_step
        self._on_error = on_error
        self._means = RunningLoss()
        self._original: Any = None
        self._standin: StandIn | None = None

    @property
    def start(self) -> Snapshot | None:
        """The state in which the fit began."""
        return self.flight.start

    @property
    def healthy(self) -> Snapshot | None:
        """The last copy of a finite state."""
        return self.flight.healthy

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """What stands where in a step's row."""

    @abstractmethod
    def _watched(self) -> Callable[..., Any]:
        """The train function to put in place of the model's own, `self._original`."""

    def install(self) -> None:
        """Put the watched train function in place of the model's own."""
        self._original = original_of(self.model.train_function)
        watched = self._watched()
        if self._has_state():
            self._begin_flight()
        self._standin = StandIn(self.model, "train_function", watched, self._left, self._unseen)

    def uninstall(self) -> None:
        """Put the model's own train function back and let go of the batches."""
        if self._standin is not None:
            self._standin.leave()
        self.flight.end()

    def _has_state(self) -> bool:
        """Whether all variables are there before the first step."""
        return True

    def _begin_flight(self) -> bool:
        """Copy the state in which the fit begins; False while it has no values yet."""
        return self.flight.begin(self.step)

    def _left(self) -> None:
        """The fit was left without a word, and another one has begun."""
        self._on_error(self.step, None, FitLeftError("another fit of the model began"))
        self.uninstall()

    def _unseen(self) -> None:
        """A fit of the same model inside of this one makes steps that are not seen."""
        self.flight.outdate()

    def go_on(self, step: int) -> None:
        """Count from here: the fit, of which no step was made yet, continues another one."""
        self.step = self.first = step
        self.flight.begin_anew(step)

    def epoch_begins(self) -> None:
        """Keras begins its running means anew."""
        self._means.begin()

    def _look_closely(self, variables: Sequence[Any]) -> Moves | None:
        """Begin to measure the update that comes, if this step is to be looked at closely."""
        if not self._pace.is_due(self.step):
            return None
        with self._pace.looking():
            return Moves(variables)

    def _tell(self, batch: Any, row: Any, logs: Mapping[str, Any], moves: Moves | None) -> None:
        """Hand out the step that was just made; from its logs when it has no row."""
        try:
            if row is None:
                step = self._means.step(self.step, batch, logs)
            else:
                step = self._read(batch, np.asarray(row, np.float64), moves)
            self.batches.add_rate(step.rate)
            if not (step.finite and step.update_finite):
                self._undo(step)
                fill_variables(self.model)
            self._on_step(step)
            self.step += 1
            self.flight.after_step(self.step)
        except Exception as error:  # noqa: BLE001 - a door: watching must never harm the training
            self.notes.append(unwatched(error))
            self.uninstall()

    @abstractmethod
    def _undo(self, step: Step) -> None:
        """Take back what the guard could not hold back in the step itself."""

    def _read(self, batch: Any, row: Row, moves: Moves | None) -> Step:
        layout = self.layout
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
        )

    def _details(self, batch: Any, row: Row, moves: Moves | None) -> dict[str, float]:
        with self._pace.looking():
            layout = self.layout
            known = moves is not None and moves.paths == layout.variables
            norms = moves.norms() if moves is not None and known else None
            layers = layout.details(row, self.model.name, norms)
            return layers | data_series(self.model, batch)


def loss_means(model: Any) -> list[Any]:
    """The running means of the losses, total and each output's."""
    means = [metric for metric in model.metrics if type(metric) is keras.metrics.Mean]
    return [mean for mean in means if mean.name == "loss" or mean.name.endswith("_loss")]


def unwatched(error: Exception) -> str:
    """The note of a step that could not be watched and runs by itself."""
    why = f"the step could not be watched ({type(error).__name__}: {error})"
    return f"{why}: losses are read from Keras' running means, nothing is held back"
