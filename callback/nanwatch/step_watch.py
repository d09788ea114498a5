"""Shows a fit's steps to the watcher: in groups, and at once when something is not finite.

Right after a training step the processor's caches hold the step's tensors, not our detectors, and
each look costs ten times what it costs in a row. So quiet steps wait for each other.
"""

from __future__ import annotations

import math
import time

from nanwatch.detectors import Signal
from nanwatch.recorder.seen import Step
from nanwatch.tracks import is_watched, with_fault
from nanwatch.watcher import Watcher

GROUP = 16
PATIENCE_S = 1.0
"""So many quiet steps are looked at together, and they wait no longer than this."""


class StepWatch:
    """Takes steps, hands their points to the watcher, returns the signals that they prove."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._waiting: list[tuple[int, list[float]]] = []
        self._names: tuple[str, ...] = ()
        self._looked = time.monotonic()

    def look(self, step: Step) -> list[Signal]:
        """Take a step; the signals that it and those that waited prove."""
        signals = self.catch_up() if step.names is not self._names else []
        self._names = step.names
        self._waiting.append((step.index, step.values))
        healthy = step.finite and step.update_finite and math.isfinite(sum(step.values))
        if not healthy or len(self._waiting) >= GROUP or self._is_impatient():
            signals += self.catch_up()
        return signals if step.update_finite else [*signals, *self._lost_weights(step)]

    def catch_up(self) -> list[Signal]:
        """Look at all steps that wait."""
        watched = [(name, i) for i, name in enumerate(self._names) if is_watched(name)]
        waiting, self._waiting = self._waiting, []
        self._looked = time.monotonic()
        return [
            with_fault(signal, dict(zip(self._names, values, strict=True)))
            for index, values in waiting
            for name, i in watched
            if (signal := self._watcher.observe(name, index, values[i])) is not None
        ]

    def _is_impatient(self) -> bool:
        """Steps of a second and more don't wait for each other."""
        return time.monotonic() - self._looked > PATIENCE_S

    def _lost_weights(self, step: Step) -> list[Signal]:
        seen = "the update made weights that are not finite"
        signal = Signal("nan_loss", "critical", "batch/loss", step.index, seen, "weights")
        return [signal] if self._watcher.is_news(signal) else []
