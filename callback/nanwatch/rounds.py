"""When a run that goes on is looked at: ever more rarely, and for a hundredth of its time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

FIRST_STEP, FEWEST_EPOCHS, MANY_STEPS = 200, 3, 2000
"""Nothing is looked at before this step, nor before so many epochs unless they are so long."""
SHARE, LEAST_S, LEAST_STEPS = 0.01, 4.0, 40
"""The share of the time that looks may take; each takes some seconds, or some tens of steps."""
PLANNED_SHARE = 0.05
"""A run that has done less of what was planned has hardly begun."""
PAUSE = 64
"""So many steps lie between two moments at which it is asked whether a look is due."""


class Rounds:
    """Says whether a look is due: at every doubling of the steps, if there is time for one.

    Args:
        clock: tells seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._spent = 0.0
        self._next = FIRST_STEP

    @property
    def seconds(self) -> float:
        """How long a look may take now: a hundredth of the time so far, less what was spent."""
        return SHARE * (self._clock() - self._began) - self._spent

    def mean_s(self, step: int) -> float:
        """How long a step has taken on average, with all that lay between."""
        return (self._clock() - self._began) / (step + 1)

    def is_due(self, step: int, epochs: int, progress: float) -> bool:
        """Whether to look after this step.

        A run must have gone on for some epochs, or for very many steps, and for a twentieth of
        what was planned: many a network lies still for a while before it learns.

        Args:
            epochs: how many have ended.
            progress: the share of what was planned.
        """
        if step < self._next or progress < PLANNED_SHARE:
            return False
        begun = epochs >= FEWEST_EPOCHS or step >= MANY_STEPS
        return begun and self.seconds >= max(LEAST_S, LEAST_STEPS * self.mean_s(step))

    @contextlib.contextmanager
    def looking(self, step: int) -> Iterator[None]:
        """A block in which a look is taken: its time counts, and the next is due far later."""
        began = self._clock()
        try:
            yield
        finally:
            self._spent += self._clock() - began
            self._next = 2 * step
