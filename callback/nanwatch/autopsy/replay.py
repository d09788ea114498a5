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
from typing import Any

import numpy as np
import tensorflow as tf

from nanwatch.autopsy.remedies import Remedy
from nanwatch.diagnosis.case import Trial
from nanwatch.recorder.capture import Capture, Update, capturing
from nanwatch.recorder.snapshot import Snapshot

FEWEST, MOST = 8, 200

Stepper = Callable[[Any, float, float], tuple[float, bool]]
"""Makes a step: (batch, share of the update, limit of the norm) -> (loss, does it still learn)."""


def stepper(model: Any) -> Stepper:
    """The model's train step, traced once for all replays that change no settings."""

    def step(batch: Any, share: Any, limit: Any) -> tuple[Any, Any]:
        with capturing(model, lambda _, update: _controlled(update, share, limit)) as capture:
            model.train_step(batch)
        return _loss(capture), _learns(capture)

    run = step if model.run_eagerly else tf.function(step, reduce_retracing=True)

    def call(batch: Any, share: float, limit: float) -> tuple[float, bool]:
        loss, learns = run(batch, tf.constant(share), tf.constant(limit))
        return float(loss), bool(learns)

    return call


def replay(
    model: Any,
    step: Stepper,
    start: Snapshot,
    batches: list[Any],
    remedy: Remedy,
    seconds: float,
) -> Trial | None:
    """Run up to MOST steps with `remedy`, over the batches again and again, within `seconds`.

    Returns:
        None when the time was too short to tell anything.
    """
    start.restore()
    with contextlib.nullcontext() if remedy.settings is None else remedy.settings(model):
        step = step if remedy.settings is None else stepper(model)
        losses, learns = _run(step, remedy.batches(batches), remedy, seconds)
    finite = all(map(math.isfinite, losses))
    if len(losses) < FEWEST and finite:
        return None
    finite = finite and _weights_finite(model)
    return Trial(finite, finite and learns and _fell(losses), len(losses))


def _run(
    step: Stepper, batches: list[Any], remedy: Remedy, seconds: float
) -> tuple[list[float], bool]:
    """The losses, and whether it still learns; time counts after the first step, which traces."""
    losses: list[float] = []
    learns, until = True, math.inf
    while batches and len(losses) < MOST and time.monotonic() < until:
        batch = batches[len(losses) % len(batches)]
        loss, learns = step(batch, remedy.share, remedy.limit)
        if not losses:
            until = time.monotonic() + seconds
        losses.append(loss)
        if not math.isfinite(loss):
            break
    return losses, learns


def _controlled(update: Update, share: Any, limit: Any) -> None:
    """An update of which only a share is done, from gradients of a limited common norm."""
    present = [gradient for gradient in update.gradients if gradient is not None]
    norm = tf.linalg.global_norm(present)
    cut = tf.where(norm > limit, limit / norm, 1.0)
    grads = [None if g is None else g * tf.cast(cut, g.dtype) for g in update.gradients]
    before = [tf.identity(variable.value) for variable in update.variables]
    update.apply(grads, update.variables)
    for variable, old in zip(update.variables, before, strict=True):
        variable.assign(old + tf.cast(share, old.dtype) * (variable.value - old))


def _loss(capture: Capture) -> Any:
    return tf.reduce_mean(tf.cast(math.nan if capture.loss is None else capture.loss, tf.float64))


def _learns(capture: Capture) -> Any:
    """Whether at least half of the variables still get a gradient."""
    grads = [g for update in capture.updates for g in update.gradients if g is not None]
    moving = [tf.reduce_any(tf.convert_to_tensor(g) != 0) for g in grads] or [tf.constant(True)]
    return tf.reduce_mean(tf.cast(tf.stack(moving), tf.float32)) >= 0.5


def _weights_finite(model: Any) -> bool:
    weights = [np.asarray(variable.value) for variable in model.trainable_variables]
    return all(np.isfinite(weight).all() for weight in weights)


def _fell(losses: list[float]) -> bool:
    quarter = max(1, len(losses) // 4)
    return bool(np.median(losses[-quarter:]) < np.median(losses[:quarter]))
