"""Installs the instrumented step in a model, hands out what it saw, and takes it out again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nanwatch.recorder.batches import BatchRing
from nanwatch.recorder.seen import MARK, Step, original_of
from nanwatch.recorder.snapshot import Snapshot, has_values, state_bytes
from nanwatch.recorder.step import FIXED, ROW, StepProbe

SNAPSHOT_BUDGET = 64 * 1024 * 1024
SNAPSHOT_EVERY = 16
SNAPSHOT_SHARE = 0.01


class Recorder:
    """Watches the train function of one model during one fit.

    Args:
        guard: hold back updates that are not finite, and keep what they would have spoilt.
        keep_metrics_clean: keep them out of the metrics as well.
        snapshots: keep copies of the model's state for replays.
        on_step: called after every step.
        on_error: called with the batch and what the step raised, before it goes on.

    Attributes:
        batches: the last batches, the current one included.
        start, healthy: snapshots of the beginning and of a recent step with finite state; None
            when the model is larger than the memory budget.
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
        snapshots: bool = True,
    ) -> None:
        self.model = model
        self.probe = StepProbe(model, guard, keep_metrics_clean, self._take_first_snapshot)
        self.batches = BatchRing()
        self.start: Snapshot | None = None
        self.healthy: Snapshot | None = None
        self.notes: list[str] = []
        self.step = 0
        self._on_step = on_step
        self._on_error = on_error
        self._original: Any = None
        self._proven = False
        self._snapshots = snapshots
        self._snapshot_cost = 0.0
        self._snapshot_at = 0.0

    @property
    def variables(self) -> tuple[str, ...]:
        """The paths of the variables whose norms stand in a step's row."""
        return self.probe.variables

    def install(self) -> None:
        """Put the instrumented step in place of `model.train_function`."""
        self._original = original_of(self.model.train_function)
        instrumented = self._instrument()

        def train_function(iterator: Any) -> Any:
            return self._run(instrumented, iterator)

        setattr(train_function, MARK, self._original)
        self.model.train_function = train_function

    def epoch_begins(self) -> None:
        """An epoch changes nothing here: every step has its own row."""

    def uninstall(self) -> None:
        """Put the model's own train function back and let go of the batches."""
        self.model.train_function = original_of(self.model.train_function)
        self.batches.clear()
        self.start = self.healthy = None

    def _instrument(self) -> Any:
        """The model's train function made anew around the watched step.

        `make_train_function` closes over `self.train_step`, so the attribute is set for just that
        moment.
        """
        model = self.model
        object.__setattr__(model, "train_step", self.probe.wrap(model.train_step))
        try:
            model.make_train_function(force=True)
        finally:
            object.__delattr__(model, "train_step")
        return model.train_function

    def _run(self, instrumented: Any, iterator: Any) -> Any:
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
            logs = self._run_one(instrumented, batch)
            if self.model.stop_training:
                break
        return logs

    def _run_one(self, instrumented: Any, batch: Any) -> Any:
        self.batches.add(self.step, batch)
        try:
            logs = self._try(instrumented, batch)
        except (Exception, KeyboardInterrupt) as error:
            self._on_error(self.step, batch, error)
            raise
        row = logs.pop(ROW, None)
        if row is not None:
            self._on_step(self._read(batch, logs, np.asarray(row)))
        self.step += 1
        self._take_snapshot()
        return logs

    def _try(self, instrumented: Any, batch: Any) -> Any:
        """The first call traces: should that fail through us, the user's own step runs instead."""
        if self._proven:
            return instrumented(iter((batch,)))
        try:
            logs = instrumented(iter((batch,)))
        except Exception as error:  # noqa: BLE001 - a step that cannot be watched must still run
            logs = self._original(iter((batch,)))
            self.notes.append(f"the step could not be watched ({type(error).__name__}: {error})")
            self.uninstall()
            return logs
        self._proven = True
        return logs

    def _read(self, batch: Any, logs: dict[str, Any], row: NDArray[np.float64]) -> Step:
        loss, finite, update_finite, grad_norm, rate = row[: len(FIXED)].tolist()
        names = self.probe.parts
        parts = dict(zip(names, row[len(FIXED) : len(FIXED) + len(names)].tolist(), strict=True))
        return Step(
            self.step,
            batch,
            logs,
            loss,
            bool(finite),
            bool(update_finite),
            grad_norm,
            rate,
            parts,
            row,
        )

    def _take_first_snapshot(self) -> bool:
        """Copy the state in which the fit begins; False while it has no values yet."""
        if not self._snapshots:
            return True
        if not has_values(self.model):
            return False
        size = state_bytes(self.model)
        if 2 * size > SNAPSHOT_BUDGET:
            self.notes.append(f"no snapshots for replays: the model's state has {size >> 20} MiB")
            return True
        self.start = self.healthy = self._snapshot()
        return True

    def _take_snapshot(self) -> None:
        """Every few steps, and so seldom that it takes no more than a hundredth of the time."""
        if self.start is None or self.step % SNAPSHOT_EVERY:
            return
        if time.perf_counter() - self._snapshot_at < self._snapshot_cost / SNAPSHOT_SHARE:
            return
        snapshot = self._snapshot()
        if snapshot.finite:
            self.healthy = snapshot

    def _snapshot(self) -> Snapshot:
        began = time.perf_counter()
        snapshot = Snapshot(self.model, self.step)
        self._snapshot_at = time.perf_counter()
        self._snapshot_cost = self._snapshot_at - began
        return snapshot
