"""Replay the beginning of a training with one change, and see whether it holds.

The steps run on the user's own model, from a snapshot, over the kept batches; afterwards every
variable is put back. Staying finite is not recovery: the loss must fall as well, and not because
the network died and only its last bias still learns.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nanwatch.autopsy.guess import guess_loss
from nanwatch.autopsy.merging import latest
from nanwatch.autopsy.remedies import Remedy
from nanwatch.diagnosis.case import Trial
from nanwatch.recorder.capture import Capture, Update, capturing
from nanwatch.recorder.snapshot import Snapshot

FEWEST, MOST = 4, 200
NOTHING_LEFT = "no row was left to train on"
TOO_SLOW = f"fewer than {FEWEST} steps could be made in the time"
ROUNDS = 4
"""The kept batches are gone over as often as this at least, or fewer of them are."""


class Made(NamedTuple):
    """A step that was made.

    Attributes:
        loss: the batch's loss.
        penalty: the part of it that comes from regularisation and `add_loss`.
        learns: whether at least half of the variables still get a gradient.
        parts: the loss of each output by its series, such as "price_loss".
    """

    loss: float
    penalty: float
    learns: bool
    parts: dict[str, float]


class NotTriedError(Exception):
    """A replay that could tell nothing, and why."""


Stepper = Callable[[Any, float, float], Made]
"""Makes a step: (batch, share of the update, limit of the gradients' norm)."""


def stepper(model: Any) -> Stepper:
    """The model's train step, traced once for all replays that change no settings."""

    def step(batch: Any, share: Any, limit: Any) -> tuple[Any, Any, Any, dict[str, Any]]:
        with capturing(model, lambda _, update: _controlled(update, share, limit)) as capture:
            model.train_step(batch)
        return _loss(capture), _penalty(capture), _learns(capture), capture.parts

    run = step if model.run_eagerly else tf.function(step, reduce_retracing=True, autograph=False)

    def call(batch: Any, share: float, limit: float) -> Made:
        loss, penalty, learns, parts = run(batch, tf.constant(share), tf.constant(limit))
        told = {name: float(value) for name, value in parts.items()}
        return Made(float(loss), float(penalty), bool(learns), told)

    return call


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
    return replace(_trial(made, _weights_finite(model)), guess=guess, words=remedy.words)


def _run(step: Stepper, batches: list[Any], remedy: Remedy, seconds: float) -> list[Made]:
    """Make steps; the time counts after the first, which traces."""
    made: list[Made] = []
    until = math.inf
    while len(made) < MOST and time.monotonic() < until:
        began = time.monotonic()
        made.append(step(batches[len(made) % len(batches)], remedy.share, remedy.limit))
        if not math.isfinite(made[-1].loss):
            break
        if len(made) == 1:
            until = time.monotonic() + seconds
        if len(made) == 2:
            affordable = int(seconds / max(time.monotonic() - began, 1e-6) / ROUNDS)
            batches = batches[-max(1, affordable) :]
    return made


def _trial(made: list[Made], weights_finite: bool) -> Trial:
    losses = [one.loss for one in made]
    finite = all(map(math.isfinite, losses))
    if len(losses) < FEWEST and finite:
        raise NotTriedError(TOO_SLOW)
    finite = finite and weights_finite
    first, last = _ends([one.loss - one.penalty for one in made])
    fell = np.greater(*_ends(losses))
    learns = np.mean([one.learns for one in made[-max(1, len(made) // 4) :]]) >= 0.5
    parts = {name: _ends([one.parts[name] for one in made]) for name in made[0].parts}
    fell = bool(finite and learns and fell)
    highest = max(losses) if finite else math.inf
    return Trial(finite, fell, len(losses), first, last, parts=parts, highest=highest)


def _ends(losses: list[float]) -> tuple[float, float]:
    """The median of the first and of the last quarter."""
    quarter = max(1, len(losses) // 4)
    return float(np.median(losses[:quarter])), float(np.median(losses[-quarter:]))


def _controlled(update: Update, share: Any, limit: Any) -> None:
    """An update of which only a share is done, from gradients of a limited common norm."""
    present = [tf.cast(g, tf.float32) for g in update.gradients if g is not None]
    norm = tf.linalg.global_norm(present)
    cut = tf.where(norm > limit, limit / norm, 1.0)
    grads = [None if g is None else g * tf.cast(cut, g.dtype) for g in update.gradients]
    before = [tf.identity(variable.value) for variable in update.variables]
    update.apply(grads, update.variables)
    for variable, old in zip(update.variables, before, strict=True):
        variable.assign(old + tf.cast(share, old.dtype) * (variable.value - old))


def _loss(capture: Capture) -> Any:
    return tf.reduce_mean(tf.cast(math.nan if capture.loss is None else capture.loss, tf.float64))


def _penalty(capture: Capture) -> Any:
    parts = [tf.reduce_sum(tf.cast(part, tf.float64)) for part in capture.penalties]
    return tf.add_n(parts) if parts else tf.constant(0.0, tf.float64)


def _learns(capture: Capture) -> Any:
    """Whether at least half of the variables still get a gradient."""
    grads = [g for update in capture.updates for g in update.gradients if g is not None]
    moving = [tf.reduce_any(tf.convert_to_tensor(g) != 0) for g in grads] or [tf.constant(True)]
    return tf.reduce_mean(tf.cast(tf.stack(moving), tf.float32)) >= 0.5


def _weights_finite(model: Any) -> bool:
    weights = [np.asarray(variable.value) for variable in model.trainable_variables]
    return all(np.isfinite(weight).all() for weight in weights)
