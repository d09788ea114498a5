"""Replay the beginning of a training with one change, and see whether it holds.

The steps run eagerly on the user's own model, from a snapshot, over the kept batches; afterwards
every variable is put back. Staying finite is not recovery: the loss must fall as well, and not
because the network died and only its last bias still learns.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from nanwatch.autopsy.arrays import as_numpy
from nanwatch.autopsy.remedies import Remedy
from nanwatch.diagnosis.case import Trial
from nanwatch.recorder.capture import Capture, capturing
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
    last = Capture()
    with remedy.settings(model):
        while changed and len(losses) < MOST and time.monotonic() < until:
            last = _step(model, changed[len(losses) % len(changed)], remedy)
            losses.append(_loss(last))
            if not math.isfinite(losses[-1]):
                break
    if len(losses) < FEWEST and all(map(math.isfinite, losses)):
        return None
    finite = _stayed_finite(model, losses)
    return Trial(finite, finite and _fell(losses) and _learns(last), len(losses))


def _step(model: Any, batch: Any, remedy: Remedy) -> Capture:
    with capturing(model, lambda _, update: remedy.update(update)) as capture:
        model.train_step(batch)
    return capture


def _loss(capture: Capture) -> float:
    return math.nan if capture.loss is None else float(np.mean(np.asarray(capture.loss)))


def _learns(capture: Capture) -> bool:
    """Whether at least half of the variables still get a gradient."""
    grads = [g for update in capture.updates for g in update.gradients if g is not None]
    moving = [bool(np.any(as_numpy(gradient))) for gradient in grads]
    return sum(moving) * 2 >= len(moving)


def _stayed_finite(model: Any, losses: list[float]) -> bool:
    weights = [np.asarray(variable.value) for variable in model.trainable_variables]
    return all(map(math.isfinite, losses)) and all(np.isfinite(w).all() for w in weights)


def _fell(losses: list[float]) -> bool:
    quarter = max(1, len(losses) // 4)
    first, last = np.median(losses[:quarter]), np.median(losses[-quarter:])
    return bool(last < first)
