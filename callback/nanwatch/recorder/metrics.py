"""The metrics of an epoch in which steps that are not finite do not count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class EpochMetrics:
    """Lets no epoch look well because nothing of it counted.

    Keras shows a mean over no steps as 0.0, and a loss of 0.0 would be the best of all. So while
    every step of an epoch was left out, its metrics are NaN, as they would be without a guard.

    Args:
        cleaned: whether steps that are not finite are kept out of the metrics at all.
    """

    def __init__(self, model: Any, cleaned: bool) -> None:
        self._model = model
        self._cleaned = cleaned
        self._counted = False
        self._blank = False

    def begin(self) -> None:
        """An epoch begins, and its metrics are empty."""
        self._counted = self._blank = False

    def before_step(self) -> None:
        """This step may count: it must not be added to NaN."""
        if self._blank:
            self._model.reset_metrics()
            self._blank = False

    def after_step(self, finite: bool) -> None:
        """A step was made; it counted if it was finite."""
        if finite:
            self._counted = True
        elif self._cleaned and not self._counted:
            self._blank = True
            for variable in self._model.metrics_variables:
                if "float" in variable.dtype:
                    variable.assign(np.full(variable.shape, math.nan))
