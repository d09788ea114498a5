"""Replay the beginning of a training with one change, and see whether it holds.

The steps run eagerly on the user's own model, from a snapshot, over the kept batches; afterwards
every variable is put back. Staying finite is not recovery: the loss must fall as well.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from nanwatch.autopsy.remedies import Remedy
from nanwatch.diagnosis.case import Trial
from nanwatch.recorder.capture import capturing
from nanwatch.recorder.snapshot import Snapshot

FEWEST, MOST = 8, 200


def replay(
    model: Any, start: Snapshot, batches: list[Any], remedy: Remedy, seconds: float
) -> Trial | None:
    """Run up to MOST steps with `remedy`, over the batches again and again, within `seconds`.

    Returns:
        None when the time was too short to tell anything.
    """
    start.restore()
    changed = remedy.batches(batches)
    until = time.monotonic() + seconds
    losses: list[float] = []
    with remedy.settings(model):
        while changed and len(losses) < MOST and time.monotonic() < until:
            losses.append(_step(model, changed[len(losses) % len(changed)], remedy))
            if not math.isfinite(losses[-1]):
                break
    if len(losses) < FEWEST and all(map(math.isfinite, losses)):
        return None
    return Trial(_stayed_finite(model, losses), _fell(losses), len(losses))


def _step(model: Any, batch: Any, remedy: Remedy) -> float:
    with capturing(model, lambda _, update: remedy.update(update)) as capture:
        model.train_step(batch)
    return math.nan if capture.loss is None else float(np.mean(np.asarray(capture.loss)))


def _stayed_finite(model: Any, losses: list[float]) -> bool:
    weights = [np.asarray(variable.value) for variable in model.trainable_variables]
    return all(map(math.isfinite, losses)) and all(np.isfinite(w).all() for w in weights)


def _fell(losses: list[float]) -> bool:
    quarter = max(1, len(losses) // 4)
    first, last = np.median(losses[:quarter]), np.median(losses[-quarter:])
    return bool(last < first)
