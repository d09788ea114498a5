"""The steps of a replay on TensorFlow: traced once for any share of an update and any clipping."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from nanwatch.autopsy.made import Made, Stepper
from nanwatch.recorder.capture import Capture, Update, capturing


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
