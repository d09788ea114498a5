"""Whether an explosion is over, and what is worth telling of its coming and going. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from nanwatch_monitor.incidents import Telling

ENTER, LEAVE = 10.0, 3.0  # times what the loss was before
HOLD_S = 60.0
QUIET_S = 600.0


def heat(before: Sequence[float], lately: Sequence[float]) -> float | None:
    """How many times higher a loss is than it was; None when too little is known.

    Args:
        before: the losses before it exploded.
        lately: the latest ones; the highest counts.
    """
    known = [abs(value) for value in before if math.isfinite(value)]
    if not known or not lately:
        return None
    if not all(map(math.isfinite, lately)):
        return math.inf
    usual = max(statistics.median(known), 1e-12)
    return max(map(abs, lately)) / usual


class Thermometer:
    """Tells when one loss has calmed down or flares up again, by two thresholds and some patience.

    Args:
        hot: how it stands at first.
    """

    def __init__(self, hot: bool) -> None:
        self.hot = hot
        self._calm_since: float | None = None

    def read(self, heat: float, now: float) -> bool:
        """Take a reading; whether it has changed how it stands."""
        if not self.hot:
            self.hot = heat >= ENTER
            return self.hot
        if heat > LEAVE:
            self._calm_since = None
            return False
        if self._calm_since is None:
            self._calm_since = now
        if now - self._calm_since < HOLD_S:
            return False
        self.hot, self._calm_since = False, None
        return True


def worth_telling(turns: Sequence[float], now: float, plain: Telling) -> Telling | None:
    """What to tell of an incident that comes or goes now.

    Args:
        turns: when it came or went before, the latest last.
        plain: what to tell of it when all was quiet.

    Returns:
        The second turn in a row says that more will follow, and those are not told.
    """
    in_a_row, moment = 0, now
    for at in reversed(turns):
        if moment - at >= QUIET_S:
            break
        in_a_row, moment = in_a_row + 1, at
    return plain if in_a_row == 0 else "flapping" if in_a_row == 1 else None
