"""Replay the beginning of a training with one change, and see whether it holds.

The steps run on the user's own model, from a snapshot, over the kept batches; afterwards every
variable is put back. Staying finite is not recovery: the loss must fall as well, and not because
the network died and only its last bias still learns.
"""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from nanwatch.autopsy import plain_stepper
from nanwatch.autopsy.guess import guess_loss
from nanwatch.autopsy.made import Made, Stepper
from nanwatch.autopsy.merging import latest, rows_of
from nanwatch.autopsy.remedies import Remedy
from nanwatch.diagnosis.case import PERFECT, Trial
from nanwatch.recorder.snapshot import Snapshot, weights_finite

FEWEST, MOST = 4, 200
"""How many steps a replay needs to tell anything, and how many it makes at the most."""
LEARNING = 0.5
"""A network learns that does so in this share of the last steps."""
NOTHING_LEFT = "no row was left to train on"
TOO_SLOW = f"fewer than {FEWEST} steps could be made in the time"
ROUNDS = 4
"""The kept batches are gone over as often as this at least, or fewer of them are."""


class NotTriedError(Exception):
    """A replay that could tell nothing, and why."""


def stepper(model: Any) -> Stepper:
    """The model's train step in the way of its backend, for replays that change no settings."""
    if keras.backend.backend() == "tensorflow":
        from nanwatch.autopsy import tf_stepper  # only here: other backends have no TensorFlow

        return tf_stepper.stepper(model)
    return plain_stepper.stepper(model)


def replay(
    model: Any,
    step: Stepper,
    start: Snapshot,
    batches: list[Any],
    remedy: Remedy,
    seconds: float,
) -> Trial:
    """Run up to MOST steps with `remedy`, over the batches again and again, within `seconds`.

    Raises:
        NotTriedError: there were no rows or no time for enough steps.
    """
    start.restore()
    remedy.weights(model)
    changed = remedy.batches(model, batches)
    if not changed:
        raise NotTriedError(NOTHING_LEFT)
    with contextlib.nullcontext() if remedy.settings is None else remedy.settings(model, changed):
        step = step if remedy.settings is None else stepper(model)
        made = _run(step, changed, remedy, seconds)
        guess = guess_loss(model, latest(changed)) if remedy.rescales else math.nan
    return replace(_trial(made, weights_finite(model)), guess=guess, words=remedy.words)


def _run(step: Stepper, batches: list[Any], remedy: Remedy, seconds: float) -> list[Made]:
    """Make steps; one over a new number of rows traces, and its time does not count."""
    made: list[Made] = []
    known: set[int] = set()
    spent = 0.0
    while len(made) < MOST and spent < seconds:
        batch, began = batches[len(made) % len(batches)], time.monotonic()
        made.append(step(batch, remedy.share, remedy.limit))
        if not math.isfinite(made[-1].loss):
            break
        took = time.monotonic() - began
        if rows_of(batch) in known:
            affordable = len(batches) if spent else int(seconds / max(took, 1e-6) / ROUNDS)
            batches, spent = batches[-max(1, affordable) :], spent + took
        known.add(rows_of(batch))
    return made


def _trial(made: list[Made], weights_finite: bool) -> Trial:
    losses = [one.loss for one in made]
    finite = all(map(math.isfinite, losses))
    if len(losses) < FEWEST and finite:
        raise NotTriedError(TOO_SLOW)
    finite = finite and weights_finite
    first, last = _ends([one.loss - one.penalty for one in made])
    learns = np.mean([one.learns for one in made[-max(1, len(made) // 4) :]]) >= LEARNING
    perfect = abs(last) <= PERFECT * first  # then no gradient is left to see
    fell = bool(finite and (learns or perfect) and np.greater(*_ends(losses)))
    parts = {name: _ends([one.parts[name] for one in made]) for name in made[0].parts}
    highest = max(losses) if finite else math.inf
    return Trial(finite, fell, len(losses), first, last, parts=parts, highest=highest)


def _ends(losses: list[float]) -> tuple[float, float]:
    """The median of the first and of the last quarter."""
    quarter = max(1, len(losses) // 4)
    return float(np.median(losses[:quarter])), float(np.median(losses[-quarter:]))
