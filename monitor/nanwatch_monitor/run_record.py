"""What is known of a run, and how each event changes it. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from nanwatch import events

_BATCH_LOSS, _EPOCH_LOSS = "batch/loss", "epoch/loss"
_VAL_LOSS, _EPOCH_END = "epoch/val_loss", "epoch/last_step"
_MAX_REASON = 4000


class Progress(NamedTuple):
    """The part of a run that changes while it runs, and that with every request.

    Attributes:
        seen_at: seconds since 1970 by the server's clock at the last receipt.
        last_step: the highest global step seen.
        last_loss: of the last batch, or of the last epoch when none of its batches was logged.
        loss_is_of_batch: a batch was logged since the last epoch ended.
        best_val_loss: the lowest finite validation loss.
        hung_since: when the last step was made, by the server's clock, of a run that reports but
            has made none for longer than its steps take; None while it advances.
    """

    seen_at: float
    ended_at: float | None = None
    end_state: events.EndState | None = None
    reason: str = ""
    last_step: int | None = None
    last_loss: float | None = None
    loss_is_of_batch: bool = False
    best_val_loss: float | None = None
    hung_since: float | None = None


@dataclass(frozen=True)
class Description:
    """The part of a run that says what it is."""

    name: str
    project: str
    tags: tuple[str, ...]
    config: Mapping[str, Any]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Marks:
    """What people made of a run.

    Attributes:
        pinned: it stands first in lists.
        note: their own words.
    """

    pinned: bool = False
    note: str = ""


@dataclass(frozen=True)
class Run:
    """A run as the store knows it; `description` comes without config and facts in lists.

    Attributes:
        started_at: seconds since 1970 by the server's clock at the first receipt.
    """

    no: int
    id: str
    started_at: float
    description: Description
    progress: Progress
    marks: Marks = Marks()


def advanced(progress: Progress, event: events.Event, now: float) -> Progress:
    """The progress after one more event."""
    match event:
        case events.RunStarted(resumes=True):  # a run that had ended goes on
            return progress._replace(end_state=None, ended_at=None, reason="", hung_since=None)
        case events.Points():
            return _with_points(progress, event)
        case events.Heartbeat():
            return _with_heartbeat(progress, event, now)
        case events.RunEnded():
            reason = event.reason[:_MAX_REASON]
            ended_at = moment(event.ended_at, now)
            ending = progress._replace(end_state=event.state, ended_at=ended_at, reason=reason)
            return ending._replace(hung_since=None)
    return progress


def _with_heartbeat(progress: Progress, beat: events.Heartbeat, now: float) -> Progress:
    step = progress.last_step if beat.step is None else _later(progress.last_step, beat.step)
    hangs = beat.patience_s is not None and beat.idle_s > beat.patience_s
    return progress._replace(last_step=step, hung_since=now - beat.idle_s if hangs else None)


def moment(told: float, now: float) -> float:
    """When something was, by the training's own clock: it may arrive days later.

    A clock that runs ahead, or was never set, is not believed.
    """
    return told if 0.0 < told <= now else now


def described(known: Description, event: events.Event) -> Description:
    """The description after one more event; facts are merged key by key, the later on top."""
    match event:
        case events.RunStarted():
            config, facts = {**known.config, **event.config}, {**known.facts, **event.facts}
            return replace(known, config=config, facts=facts)
        case events.FactsLearned():
            return replace(known, facts={**known.facts, **event.facts})
    return known


def _with_points(progress: Progress, points: events.Points) -> Progress:
    step = _last_step(points)
    if step is not None:
        last_step = _later(progress.last_step, step)
        progress = progress._replace(last_step=last_step, hung_since=None)
    if _BATCH_LOSS in points.values or _EPOCH_LOSS in points.values:
        progress = _with_loss(progress, points)
    if _VAL_LOSS in points.values:
        best = _lower(progress.best_val_loss, points.values[_VAL_LOSS])
        progress = progress._replace(best_val_loss=best)
    return progress


def _with_loss(progress: Progress, points: events.Points) -> Progress:
    if _BATCH_LOSS in points.values:
        loss = float(points.values[_BATCH_LOSS][-1])
        return progress._replace(last_loss=loss, loss_is_of_batch=True)
    if progress.loss_is_of_batch and len(points.steps) == 1:
        # The mean of an epoch does not hide how its last batch ended.
        return progress._replace(loss_is_of_batch=False)
    loss = float(points.values[_EPOCH_LOSS][-1])
    return progress._replace(last_loss=loss, loss_is_of_batch=False)


def _last_step(points: events.Points) -> int | None:
    """The highest global step that a block speaks of, if it does."""
    if any(name.startswith("batch/") for name in points.values):
        return int(points.steps.max())
    ends = points.values.get(_EPOCH_END, np.empty(0))
    steps = ends[(ends >= 0) & (ends <= events.MAX_STEP)]
    return int(steps.max()) if len(steps) else None


def _later(known: int | None, step: int) -> int:
    return step if known is None else max(known, step)


def _lower(known: float | None, values: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return known
    lowest = float(finite.min())
    return lowest if known is None else min(known, lowest)
