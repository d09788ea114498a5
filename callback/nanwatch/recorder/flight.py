"""The flight recorder: the last batches and copies of the model's state, within one budget."""

from __future__ import annotations

import math
import time
from typing import Any

from nanwatch.recorder.batches import BatchRing
from nanwatch.recorder.memory import BUDGET, MIB, size_text
from nanwatch.recorder.snapshot import COPIES, Snapshot, has_values, state_bytes

EVERY, SHARE = 16, 0.01
"""The state is copied after so many steps at the earliest, for so much of the time at most."""
STATE_SHARE = 0.75
"""A single copy of the state may take so much of the budget."""


class FlightRecorder:
    """Keeps what an autopsy, a replay and a way back need, as far as the budget reaches.

    Copies of the state come first, batches take what is left. Of a model of which not all copies
    fit, only the state of the beginning is kept, as long as it leaves a quarter to the batches.

    Args:
        snapshots: whether copies of the state are wanted.
        budget: bytes for everything that is kept.

    Attributes:
        batches: the last batches, the current one included.
        start, healthy: snapshots of the beginning and of a recent step with finite state; None
            where they are not wanted or do not fit.
        notes: what did not fit, and what follows from it.
    """

    def __init__(self, model: Any, snapshots: bool = True, budget: int = BUDGET) -> None:
        self.batches = BatchRing(budget=budget)
        self.start: Snapshot | None = None
        self.healthy: Snapshot | None = None
        self.notes: list[str] = []
        self._model = model
        self._snapshots = snapshots
        self._cost = 0.0
        self._taken_at = 0.0
        self._due = 0
        self._renews = True

    def begin(self, step: int) -> bool:
        """Copy the state in which the fit begins; False while it has no values yet."""
        if not self._snapshots:
            return True
        if not has_values(self._model):
            return False
        size, budget = state_bytes(self._model), self.batches.budget
        self._renews = COPIES * size <= budget
        if not self._renews:
            self.notes.append(_too_large(size, budget))
        if self._renews or size <= STATE_SHARE * budget:
            self.batches.reserve(size * (COPIES if self._renews else 1))
            self.start = self.healthy = self._snapshot(step)
        return True

    def begin_anew(self, step: int) -> None:
        """A checkpoint was loaded since the beginning: the state of now is that before `step`."""
        if self.start is not None:
            self.start = self.healthy = self._snapshot(step)

    def after_step(self, step: int) -> None:
        """Keep to the budget, and copy the state every few steps.

        The copies are so seldom that they take no more than a hundredth of the time.

        Args:
            step: the step that comes next.
        """
        self.batches.make_room()
        if self.start is None or step < self._due:
            return
        if time.perf_counter() - self._taken_at < self._cost / SHARE:
            return
        self.take(step)

    def take(self, step: int) -> None:
        """Copy the state now, if it is finite and there is room."""
        if self.start is None or not self._renews:
            return
        snapshot = self._snapshot(step)
        if snapshot.finite:
            self.healthy = snapshot

    def outdate(self) -> None:
        """Steps were made that nobody saw: the batches no longer lead from the copies to now."""
        self.batches.clear()
        self._due, self._taken_at = 0, -math.inf

    def end(self) -> None:
        """Let go of everything, and note what did not fit."""
        if (shortfall := self.batches.shortfall()) is not None and shortfall not in self.notes:
            self.notes.append(shortfall)
        self.batches.clear()
        self.start = self.healthy = None

    def _snapshot(self, step: int) -> Snapshot:
        self._due = step + EVERY
        began = time.perf_counter()
        snapshot = Snapshot(self._model, step)
        self._taken_at = time.perf_counter()
        self._cost = self._taken_at - began
        return snapshot


def _too_large(size: int, budget: int) -> str:
    follows = (
        "only that of the beginning is kept, and a rollback goes back to there"
        if size <= STATE_SHARE * budget
        else "fixes are not tried in replays, and a rollback has no state to go back to"
    )
    return (
        f"the model's state has {size_text(size)}, and {COPIES} copies of it do not fit into the "
        f"memory budget of {size_text(budget)}: {follows}; "
        f"NanWatch(memory_mib={COPIES * size // MIB + 1}) makes room"
    )
