"""When steps were: a thin series `time`, by which curves over steps are drawn over time. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from nanwatch.batching import Logged
from nanwatch.events import Event, Points, RunEnded

TIME = "time"
PACE_S = 1.0
DIGITS = 3
EPOCHS = "epoch/"


class StepTimes:
    """Picks the steps whose time is told: the first, one a second, and the last."""

    def __init__(self) -> None:
        self._told_at: float | None = None
        self._untold: Logged | None = None

    def of(self, items: Sequence[Logged | Event], now: float) -> list[Logged]:
        """Points of `time` for what was logged just now.

        Args:
            items: in order; a RunEnded among them makes this the last call.
            now: seconds since 1970.
        """
        steps = [step for step in map(step_of, items) if step is not None]
        found = []
        if steps and self._told_at is None:
            found.append(self._tell(_point(steps[0], now), now))
            steps = steps if steps[-1] != steps[0] else []
        if steps:
            self._untold = _point(steps[-1], now)
        over = any(isinstance(item, RunEnded) for item in items)
        if self._untold and (over or abs(now - (self._told_at or now)) >= PACE_S):
            found.append(self._tell(self._untold, now))
        return found

    def _tell(self, point: Logged, now: float) -> Logged:
        self._told_at, self._untold = now, None
        return point


def step_of(item: Logged | Event) -> int | None:
    """The global step of what was logged; None for anything else."""
    if isinstance(item, Points):
        return None if next(iter(item.values)).startswith(EPOCHS) else int(item.steps[-1])
    if isinstance(item, tuple) and not item[0][0].startswith(EPOCHS):
        return int(item[1])
    return None


def _point(step: int, now: float) -> Logged:
    return (TIME,), step, (round(now, DIGITS),)
