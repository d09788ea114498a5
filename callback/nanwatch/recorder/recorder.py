"""Installs the instrumented step in a model, hands out what it saw, and takes it out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nanwatch.recorder.flight import FlightRecorder
from nanwatch.recorder.memory import BUDGET
from nanwatch.recorder.moves import Moves
from nanwatch.recorder.pace import Pace
from nanwatch.recorder.patching import Patch, patched
from nanwatch.recorder.ranges import data_series
from nanwatch.recorder.seen import MARK, NOTHING, Step, original_of
from nanwatch.recorder.snapshot import Snapshot, optimizers_of
from nanwatch.recorder.step import ROW, StepProbe

KEPT = "_nanwatch_watched"


@dataclass(frozen=True)
class _Kept:
    """A watched train function and what it was made for."""

    key: tuple[Any, ...]
    probe: StepProbe
    function: Any


class Recorder:
    """Watches the train function of one model during one fit.

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
        self.flight = FlightRecorder(model, full, memory)
        self.batches, self.notes = self.flight.batches, self.flight.notes
        self.probe = StepProbe(model, guard, keep_metrics_clean, self._begin_flight)
        self.step = 0
        self._on_step = on_step
        self._on_error = on_error
        self._original: Any = None
        self._graph: Any = None
        self._instrumented: Any = None
        self._proven = False
        self._pace = Pace(every if full else None)
        self._full = full

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
        self._original = original_of(self.model.train_function)
        self._reuse_or_instrument()

        def train_function(iterator: Any) -> Any:
            return self._run(iterator)

        setattr(train_function, MARK, self._original)
        self.model.train_function = train_function

    def epoch_begins(self) -> None:
        """An epoch changes nothing here: every step has its own row."""

    def uninstall(self) -> None:
        """Put the model's own train function back and let go of the batches."""
        self.model.train_function = original_of(self.model.train_function)
        self.flight.end()

    def _reuse_or_instrument(self) -> None:
        """Take the watched function of an earlier fit, or make one: tracing costs a second.

        It is kept on the model's own train function, which Keras makes anew when the model is
        compiled anew, and lives and dies with it.
        """
        kept = getattr(self._original, KEPT, None)
        if kept is not None and kept.key == self._key():
            self.probe, self._instrumented, self._proven = kept.probe, kept.function, True
            self._begin_flight()
        else:
            self._instrumented = self._instrument()

    def _keep(self) -> None:
        setattr(self._original, KEPT, _Kept(self._key(), self.probe, self._instrumented))

    def _key(self) -> tuple[Any, ...]:
        ids = [id(optimizer) for optimizer in optimizers_of(self.model)]
        return (
            self.probe.guard,
            self.probe.keep_metrics_clean,
            self.model.run_eagerly,
            *ids,
        )

    def _instrument(self) -> Any:
        """The model's train function made anew around the watched step.

        `make_train_function` closes over `self.train_step`, so the attribute is set for just that
        moment.
        """
        model = self.model
        wrap: list[Patch] = [(model, "train_step", self.probe.wrap), (tf, "function", self._catch)]
        with patched(wrap):
            model.make_train_function(force=True)
        return model.train_function

    def _catch(self, function: Any) -> Any:
        """`tf.function`, but the graph function of one step is kept at hand."""

        def make(*args: Any, **kwargs: Any) -> Any:
            made = function(*args, **kwargs)
            if getattr(made, "__name__", "") == "one_step_on_data":
                self._graph = made
            return made

        return make

    def _trace(self, spec: Any) -> None:
        """Trace the step for the shapes that the input pipeline declares.

        Keras fetches the batch inside of the graph and so traces for these. A batch in hand has
        the shape that it happens to have, and a graph made for that one counts and rounds a
        little differently.
        """
        if self._graph is not None and spec is not None:
            self._graph.get_concrete_function(tf.nest.map_structure(_declared, spec))

    def _run(self, iterator: Any) -> Any:
        """Run the steps of one execution, each with its own batch in sight."""
        logs = None
        for _ in range(self.model.steps_per_execution):
            try:
                batch = next(iterator)
            except (StopIteration, tf.errors.OutOfRangeError):
                if logs is None:
                    raise
                break
            except (Exception, KeyboardInterrupt) as error:
                self._on_error(self.step, None, error)
                raise
            logs = self._run_one(batch, iterator)
            if self.model.stop_training:
                break
        return logs

    def _run_one(self, batch: Any, iterator: Any) -> Any:
        self.batches.add(self.step, batch)
        moves = self._look_closely()
        try:
            logs = self._try(batch, iterator)
        except (Exception, KeyboardInterrupt) as error:
            self._on_error(self.step, batch, error)
            raise
        row = logs.pop(ROW, None)
        if row is not None:
            self._on_step(self._read(batch, np.asarray(row), moves))
        self.step += 1
        self.flight.after_step(self.step)
        return logs

    def _try(self, batch: Any, iterator: Any) -> Any:
        """The first call traces: should that fail through us, the user's own step runs instead."""
        if self._proven:
            return self._instrumented(iter((batch,)))
        try:
            self._trace(getattr(iterator, "element_spec", None))
            logs = self._instrumented(iter((batch,)))
        except Exception as error:  # noqa: BLE001 - a step that cannot be watched must still run
            logs = self._original(iter((batch,)))
            self.notes.append(f"the step could not be watched ({type(error).__name__}: {error})")
            self.uninstall()
            return logs
        self._proven = True
        self._keep()
        return logs

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
        return self.flight.begin(self.step)


def _declared(spec: Any) -> Any:
    """What Keras hands a step for a part of the pipeline: nothing for an optional one."""
    return None if isinstance(spec, tf.OptionalSpec) else spec
