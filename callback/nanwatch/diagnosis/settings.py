"""The settings of optimizers, and between which values their methods work."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nanwatch.diagnosis.case import Case


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
