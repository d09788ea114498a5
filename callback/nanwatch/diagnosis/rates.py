"""How the learning rate went."""

from __future__ import annotations

import math

from nanwatch.diagnosis.case import Case

RATE = "batch/learning_rate"
FEW_TIMES = 3.0
"""A rate that rises by more than this is another one."""

USUAL = {"SGD": 0.01, "Adagrad": 0.01, "Adadelta": 0.1, "Ftrl": 0.01}
USUAL_ADAPTIVE = 0.001
"""Usual rates: by class where they are not that of Adam. Those of Adagrad, Adadelta and Ftrl begin
higher, because their steps shrink by themselves."""


def usual_rate(optimizer: str) -> float:
    """A rate with which most networks learn, by the optimizer's class."""
    return USUAL.get(optimizer, USUAL_ADAPTIVE)


def rise(case: Case) -> float:
    """The highest of the last rates over the first of all; 1 when there is nothing to compare.

    A warm-up may begin at 0: then the first known rate above that counts.
    """
    rates = [rate for rate in case.history.learning_rate if math.isfinite(rate)]
    known = (case.history.early.get(RATE, math.nan), *rates)
    first = next((rate for rate in known if rate > 0), math.nan)
    return max(rates) / first if rates and first > 0 else 1.0
