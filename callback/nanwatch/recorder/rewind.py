"""The way back to the state before a step: a healthy snapshot and the batches since."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import keras
import numpy as np

from nanwatch.recorder.batches import BatchRing
from nanwatch.recorder.snapshot import Snapshot, fill_variables, optimizers_of


class Keeps(Protocol):
    """A recorder that keeps what a way back needs."""

    model: Any
    batches: BatchRing

    @property
    def healthy(self) -> Snapshot | None:
        """The last copy of a finite state."""
        ...


def rewind(recorder: Keeps, index: int, repeat: Callable[[Any], None]) -> int | None:
    """Bring back the model's state before step `index`, under the learning rate of now.

    Args:
        repeat: makes the step over a kept batch once more.

    Returns:
        The step that comes next in the state that was reached. It is an earlier one where the
        kept batches do not reach back to the snapshot, and None where there is no snapshot.
    """
    healthy = recorder.healthy
    if healthy is None:
        return None
    fill_variables(recorder.model)
    with _rate_kept(recorder.model) as rate:
        healthy.restore()
        missed = [item for item in recorder.batches.since(healthy.step) if item[0] < index]
        if [at for at, _ in missed] != list(range(healthy.step, index)):
            return healthy.step
        for at, batch in missed:
            if rate is not None and (then := recorder.batches.rate(at)) is not None:
                rate.assign(then)
            repeat(batch)
    return index


@contextlib.contextmanager
def _rate_kept(model: Any) -> Iterator[Any]:
    """The learning rate of the model's optimizer, which a callback may set; afterwards as now.

    It is None where a schedule sets it, and of several optimizers: one rate is recorded only.
    """
    rates = [optimizer.learning_rate for optimizer in optimizers_of(model)]
    if len(rates) != 1 or not isinstance(rates[0], keras.Variable):
        yield None
        return
    now = np.array(rates[0].numpy())
    try:
        yield rates[0]
    finally:
        rates[0].assign(now)
