"""Where a replay begins: at the weights of the fit's beginning, at the rate of then or of now.

A callback may have changed the rate since, and a schedule has gone on: a replay of a failure that
the rate brought about has to run at the rate of the failure.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from nanwatch.diagnosis.rates import FEW_TIMES
from nanwatch.recorder.snapshot import Snapshot, inner_optimizers

NEXT_TO_NOTHING = 1e-3
"""A rate below this share of the first one moves nothing any more."""


def same_rates(model: Any, start: Snapshot) -> bool:
    """Whether no callback has changed a learning rate since `start`."""
    return all(then == now for then, now in _then_and_now(model, start))


def other_rates(model: Any, start: Snapshot) -> bool:
    """Whether a callback has raised a rate since `start`, or lowered one to next to nothing."""
    pairs = _then_and_now(model, start)
    return any(now > FEW_TIMES * then or now < NEXT_TO_NOTHING * then for then, now in pairs)


def _then_and_now(model: Any, start: Snapshot) -> list[tuple[float, float]]:
    held = {id(variable): float(value) for variable, value in start.values if not value.ndim}
    return [(held.get(id(rate), math.nan), float(rate.numpy())) for rate in _rates(model)]


def at_this_rate(model: Any, start: Snapshot) -> Snapshot:
    """The state of `start`, but for the rate of now, or the place in its schedule."""
    found = Snapshot(model, start.step)
    now = [(clock, np.array(clock.numpy())) for clock in [*_rates(model), *_counts(model)]]
    try:
        start.restore()
        for clock, value in now:
            clock.assign(value)
        return Snapshot(model, start.step)
    finally:
        found.restore()


def _rates(model: Any) -> list[Any]:
    rates = [getattr(optimizer, "_learning_rate", None) for optimizer in inner_optimizers(model)]
    return [rate for rate in rates if isinstance(rate, keras.Variable)]


def _counts(model: Any) -> list[Any]:
    return [optimizer.iterations for optimizer in inner_optimizers(model)]
