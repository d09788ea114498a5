"""How the learning rate went."""

from __future__ import annotations

import math

from nanwatch.diagnosis.case import Case

RATE = "batch/learning_rate"
FEW_TIMES = 3.0
"""A rate that rises by more than this is another one."""


def rise(case: Case) -> float:
    """The highest of the last rates over the first of all; 1 when there is nothing to compare.

    A warm-up may begin at 0: then the first known rate above that counts.
    """
    rates = [rate for rate in case.history.learning_rate if math.isfinite(rate)]
    known = (case.history.early.get(RATE, math.nan), *rates)
    first = next((rate for rate in known if rate > 0), math.nan)
    return max(rates) / first if rates and first > 0 else 1.0
