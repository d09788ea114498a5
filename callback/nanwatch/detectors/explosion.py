"""A loss that grows by orders of magnitude while it is still finite."""

from __future__ import annotations

import math
from bisect import insort
from collections import deque

from nanwatch.detectors.running import UsualLevel
from nanwatch.detectors.signal import Signal
from nanwatch.detectors.stretch import WINDOW, Stretch, levels_of

ENTER, LEAVE = math.log(10.0), math.log(3.0)
"""How far above the usual level a point is high, and how near to it the loss has come back."""
ABOVE_START = math.log(3.0)
HUGE = math.log(1000.0)
SIGMAS = 6.0
RECENT, NEEDED = 12, 8
"""So many high ones of the recent points are a proof."""
WARM_UP = 8
"""From so many points on their median can be trusted."""
FALLING, PATIENCE = 0.05, 128
"""A loss comes back whose later high points lie so far below the earlier; so many are borne."""


class ExplosionDetector:
    """Signals a loss that stays far above what it was, and rearms when it has come back.

    The logarithm of the loss is compared with its own running median and spread, so that the
    loss's scale does not matter and a noisy loss is granted its noise. The spread is taken from
    the steps between neighbours, which a slow trend does not inflate. A point is *high* when it
    lies tenfold and six spreads above the median of the points before it, and threefold above
    the level at which the run began: a restart of the learning rate climbs back, but not beyond
    the start. A thousandfold above the start is high however slowly it was reached, and nothing
    less counts within the first points, where there is no median to trust yet. Eight high points
    of twelve prove an explosion; one spike does not, nor does one from which the loss is coming
    back, unless that takes very long.

    High points do not enter the median, so an explosion cannot become the new normal. Values of
    zero and below are never high: a loss without a lower bound may fall as far as it likes.
    """

    def __init__(self, series: str) -> None:
        self.series = series
        self._usual = UsualLevel(WINDOW)
        self._start: list[float] = []  # sorted
        self._recent: deque[tuple[float, bool]] = deque(maxlen=RECENT)
        self._began: int | None = None  # the first high point of those that may prove an explosion
        self._high = 0
        self._calm = 0
        self.active = False

    def update(self, step: int, value: float) -> Signal | None:
        """Take the next loss; signal at the point that proves an explosion."""
        if not math.isfinite(value):
            return None
        level = math.log(value) if value > 0 else -math.inf
        high = self._is_high(level)
        self._recent.append((level, high))
        self._count(step, high)
        if not high:
            self._learn(level)
        if self.active:
            self._rearm_when_calm(level)
            return None
        return self._signal(value) if high and self._proven() else None

    def quiet(self, coming: Stretch) -> int:
        """How many of the first values are plainly not high, after others that were not either."""
        if self._high or self.active or not self._usual.is_full:
            return 0
        usual = self._usual.ceiling(coming, ENTER, SIGMAS)
        return coming.up_to(max(self._origin + ABOVE_START, min(usual, self._origin + HUGE)))

    def pass_over(self, quiet: Stretch) -> None:
        """Take values that are not high."""
        last = levels_of(quiet.finite[-RECENT:].tolist())
        self._recent.extend((level, False) for level in last)
        self._usual.learn_all(*quiet.last_levels)

    @property
    def _origin(self) -> float:
        """The level at which the run began."""
        return self._start[len(self._start) // 2]

    def _is_high(self, level: float) -> bool:
        known = len(self._usual)
        if known < WARM_UP:
            return known > 0 and level - self._usual.median > HUGE
        above_start = level - self._origin
        if above_start <= ABOVE_START:  # most points: spare them the medians
            return False
        above_usual = level - self._usual.median
        noise = SIGMAS * self._usual.noise
        return above_usual > max(ENTER, noise) or above_start > max(HUGE, noise)

    def _learn(self, level: float) -> None:
        if level == -math.inf:
            return
        self._usual.learn(level)
        if len(self._start) < WARM_UP:
            insort(self._start, level)

    def _count(self, step: int, high: bool) -> None:
        if high:
            self._began = step if self._began is None else self._began
            self._high += 1
        elif self._high and not any(high for _, high in self._recent):
            self._began, self._high = None, 0

    def _proven(self) -> bool:
        enough = sum(high for _, high in self._recent) >= NEEDED
        return enough and (self._high > PATIENCE or not self._falls())

    def _falls(self) -> bool:
        """Whether the high points come down, by the means of their earlier and later half."""
        levels = [level for level, high in self._recent if high]
        half = len(levels) // 2
        return sum(levels[-half:]) < sum(levels[:half]) - FALLING * half

    def _signal(self, value: float) -> Signal:
        self.active = True
        usual = math.exp(self._usual.median)
        seen = f"{value:.3g}, {value / usual:,.0f} times the usual {usual:.3g}"
        return Signal("exploding_loss", "critical", self.series, self._began, seen)

    def _rearm_when_calm(self, level: float) -> None:
        self._calm = self._calm + 1 if level < self._usual.median + LEAVE else 0
        if self._calm >= RECENT:
            self.active, self._calm = False, 0
            self._recent.clear()
            self._began, self._high = None, 0
