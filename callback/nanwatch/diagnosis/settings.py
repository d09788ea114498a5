"""The settings of optimizers, and between which values their methods work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.words import number

CUT_OFF = 1e-2
"""Clipping that leaves less than this share of a gradient is no guard but a brake."""


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        above, below: a value that works lies strictly between these.
        usual: the value for which the methods are made.
        expected: the usual range, in words.
    """

    above: float
    below: float
    usual: float
    expected: str

    def fits(self, value: float) -> bool:
        """Whether a method works with this value; NaN fits nowhere."""
        return self.above < value < self.below


SETTINGS: dict[str, Setting] = {
    "learning_rate": Setting(0.0, math.inf, 1e-3, "positive and finite"),
    "epsilon": Setting(1e-12, 0.5, 1e-7, "1e-8 to 1e-3"),
    "momentum": Setting(-1e-9, 0.9999, 0.9, "0 to 0.99"),
    "beta_1": Setting(-1e-9, 0.99999, 0.9, "0 to 0.999"),
    "beta_2": Setting(-1e-9, 0.9999999, 0.999, "0.9 to 0.9999"),
    "rho": Setting(-1e-9, 0.99999, 0.9, "0.5 to 0.999"),
}


class Brake(NamedTuple):
    """A setting that leaves hardly anything of an update, whatever the rate.

    Attributes:
        remedy: the replay without it.
        check, seen, expected: what is left.
    """

    name: str
    value: float
    remedy: str
    check: str
    seen: str
    expected: str


def brake(case: Case) -> Brake | None:
    """What all but stops the weights: a limit far below the gradient, or a sum that never ends."""
    return _gathering(case) or _limit(case)


def _gathering(case: Case) -> Brake | None:
    name, steps = "gradient_accumulation_steps", _config(case, "gradient_accumulation_steps")
    if not 0 < case.history.seen < (steps or 0):
        return None
    seen, expected = f"{case.history.seen} steps in all", "many updates"
    return Brake(
        name, steps or 0.0, "ungathered", "updates that were made", f"none: {seen}", expected
    )


def _limit(case: Case) -> Brake | None:
    """Clipping that is no guard any more; the norm that is left at most depends on its kind."""
    norm = case.history.grad_norm[-1] if case.history.grad_norm else math.nan
    looks = case.autopsy.variables if case.autopsy else ()
    most = {
        "clipvalue": math.sqrt(sum(look.size for look in looks)),
        "clipnorm": math.sqrt(len(looks)),
        "global_clipnorm": 1.0,
    }
    for name, times in most.items():
        value = _config(case, name)
        if value is not None and looks and value * times < CUT_OFF * norm:
            left = number(value * times / norm)
            check = "gradient after clipping, at most"
            return Brake(name, value, "unclipped", check, left, "most of it")
    return None


def _config(case: Case, name: str) -> float | None:
    value = (case.optimizer.get("config") or {}).get(name)
    return float(value) if isinstance(value, int | float) else None


def wrong_settings(case: Case) -> list[tuple[str, float]]:
    """Name and value of every setting with which the optimizer cannot work."""
    values = {**(case.optimizer.get("config") or {})}
    if case.learning_rate is not None:
        values["learning_rate"] = case.learning_rate
    return [
        (name, float(value))
        for name, setting in SETTINGS.items()
        if isinstance(value := values.get(name), int | float) and not setting.fits(value)
    ]
