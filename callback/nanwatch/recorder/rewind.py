"""The way back to the state before a step: a healthy snapshot and the batches since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from nanwatch.recorder.batches import BatchRing
from nanwatch.recorder.snapshot import Snapshot


class Keeps(Protocol):
    """A recorder that keeps what a way back needs."""

    batches: BatchRing

    @property
    def healthy(self) -> Snapshot | None:
        """The last copy of a finite state."""
        ...


def rewind(recorder: Keeps, index: int, repeat: Callable[[Any], None]) -> int | None:
    """Bring back the model's state before step `index`.

    Args:
        repeat: makes the step over a kept batch once more.

    Returns:
        The step that comes next in the state that was reached. It is an earlier one where the
        kept batches do not reach back to the snapshot, and None where there is no snapshot.
    """
    healthy = recorder.healthy
    if healthy is None:
        return None
    healthy.restore()
    missed = [item for item in recorder.batches.since(healthy.step) if item[0] < index]
    if [at for at, _ in missed] != list(range(healthy.step, index)):
        return healthy.step
    for _, batch in missed:
        repeat(batch)
    return index
