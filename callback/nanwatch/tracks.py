"""What is remembered of one series, and which detectors look at it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nanwatch.detectors import (
    Curve,
    Detector,
    ExplosionDetector,
    NonFiniteDetector,
    Signal,
    SpikeDetector,
    Stretch,
)

GRAD_NORM, RATE, VAL_LOSS = "batch/grad_norm", "batch/learning_rate", "epoch/val_loss"
KEPT = 256
"""So many last values of a series are remembered one by one."""


@dataclass(slots=True)
class Track:
    """What is remembered of one series, and who looks at it."""

    detectors: tuple[Detector, ...]
    recent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=KEPT))
    curve: Curve = field(default_factory=Curve)
    seen: int = 0

    def remember(self, step: int, value: float) -> None:
        """Take one point."""
        self.recent.append((step, value))
        self.seen += 1
        self.curve.add(value)

    def quiet(self, coming: Stretch) -> int:
        """How many of the first values are plainly no news."""
        return min((detector.quiet(coming) for detector in self.detectors), default=len(coming))

    def pass_over(self, steps: NDArray[np.int64], quiet: Stretch) -> None:
        """Take points that are no news."""
        last = slice(-KEPT, None)
        self.recent.extend(zip(steps[last].tolist(), quiet.values[last].tolist(), strict=True))
        self.seen += len(quiet)
        self.curve.extend(quiet.finite)
        for detector in self.detectors:
            detector.pass_over(quiet)


@lru_cache(maxsize=4096)  # the same few names come with every block
def is_watched(name: str) -> bool:
    """Whether a series is looked at or remembered at all; most are only drawn."""
    return name in (GRAD_NORM, RATE, VAL_LOSS) or is_loss(name)


def is_loss(name: str) -> bool:
    """Whether a series is a training loss: `batch/loss` or a named part such as `batch/d_loss`."""
    if not name.startswith("batch/") or name.startswith("batch/val_"):
        return False
    key = name.removeprefix("batch/")
    return key in ("loss", "nll") or key.endswith("_loss")


def losses_last(name: str) -> tuple[bool, str]:
    """Losses are looked at last, so that the case of a bad loss holds its step's other values."""
    return is_loss(name), name


def with_fault(signal: Signal, values: Mapping[str, float]) -> Signal:
    """The signal with what was not finite first: the loss comes to be before its gradient.

    Args:
        values: what else its step told, by series.
    """
    if signal.symptom != "nan_loss":
        return signal
    losses = (value for name, value in values.items() if is_loss(name))
    return replace(signal, fault="gradient" if all(map(math.isfinite, losses)) else "loss")


def make_detectors(name: str) -> tuple[Detector, ...]:
    """Fresh detectors for a series of this name; none for one that is only remembered."""
    if is_loss(name):
        return SpikeDetector(name), NonFiniteDetector(name), ExplosionDetector(name)
    if name == GRAD_NORM:
        return (NonFiniteDetector(name),)
    if name == VAL_LOSS:
        return (NonFiniteDetector(name, "nan_val_only"),)
    return ()
