"""The last batches, kept by reference within a memory budget."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from keras import tree

from nanwatch.recorder.memory import BUDGET, size_text

COUNT = 32
"""So many batches are kept at most."""
WEIGH_EVERY, LIGHT = 16, 16
"""Which of light batches are weighed: those of which so many times as many would fit are light."""
STRING_BYTES = 24  # what TensorFlow spends on a string beside its text


class BatchRing:
    """The last `count` batches, fewer when they would exceed the budget.

    A batch is what the input pipeline has made anyway; keeping a reference copies nothing, but
    its memory lives longer because of us, and so it counts in full.

    Args:
        count: how many batches at most.
        budget: bytes for all that the flight recorder keeps; what else it keeps is reserved.
    """

    def __init__(self, count: int = COUNT, budget: int = BUDGET) -> None:
        self.count = count
        self.budget = budget
        self._reserved = 0
        self._kept: deque[tuple[int, Any, int]] = deque()
        self._rates: dict[int, float] = {}
        self._bytes = 0
        self._added = 0
        self._weight = 0
        self._heaviest = 0

    @property
    def room(self) -> int:
        """How many bytes of the budget are left for batches."""
        return max(0, self.budget - self._reserved)

    def reserve(self, nbytes: int) -> None:
        """Leave so many bytes to something else that is kept; negative gives them back."""
        self._reserved += nbytes

    def add(self, step: int, batch: Any) -> None:
        """Keep a batch; the oldest leave to make room. This one stays while its step runs."""
        if self._is_to_be_weighed():
            self._weight = batch_bytes(batch)
            self._heaviest = max(self._heaviest, self._weight)
        self._added += 1
        self._kept.append((step, batch, self._weight))
        self._bytes += self._weight
        while len(self._kept) > 1 and (len(self._kept) > self.count or self._bytes > self.room):
            self._drop_oldest()

    def add_rate(self, rate: float | None) -> None:
        """Keep the learning rate under which the step over the last batch was made, if known."""
        if self._kept and rate is not None:
            self._rates[self._kept[-1][0]] = rate

    def rate(self, step: int) -> float | None:
        """The learning rate of a kept batch's step, None when it is not known."""
        return self._rates.get(step)

    def make_room(self) -> None:
        """Let go of what exceeds the budget, the last batch included: its step is over."""
        while self._bytes > self.room:
            self._drop_oldest()

    def since(self, step: int) -> list[tuple[int, Any]]:
        """The kept batches of `step` and later, oldest first."""
        return [(at, batch) for at, batch, _ in self._kept if at >= step]

    def clear(self) -> None:
        """Let all batches go."""
        self._kept.clear()
        self._rates.clear()
        self._bytes = 0

    def shortfall(self) -> str | None:
        """What the budget did not allow, in words; None when it sufficed."""
        fitting = self.room // self._heaviest if self._heaviest else self.count
        if fitting >= self.count:
            return None
        kept = "only the current one is" if fitting < 1 else f"the last {fitting} are"
        left = f", of which {size_text(self.room)} are left for batches" if self._reserved else ""
        budget = f"a memory budget of {size_text(self.budget)}{left}"
        return f"batches of {size_text(self._heaviest)}: {kept} kept in {budget}"

    def _is_to_be_weighed(self) -> bool:
        """Weighing a small batch costs more than keeping it, so of those every sixteenth is."""
        light = self._weight * self.count * LIGHT <= self.room
        return not light or self._added % WEIGH_EVERY == 0

    def _drop_oldest(self) -> None:
        step, _, weight = self._kept.popleft()
        self._bytes -= weight
        self._rates.pop(step, None)


def batch_bytes(batch: Any) -> int:
    """The memory of a batch's arrays, ragged and sparse ones and strings included."""
    return sum(_nbytes(array) for array in tree.flatten(batch) if array is not None)


def _nbytes(array: Any) -> int:
    size = getattr(array, "nbytes", None)
    if isinstance(size, int) and array.dtype != object:
        return size
    if parts := parts_of(array):
        return sum(map(_nbytes, parts))
    if array.dtype in ("string", object):
        return _string_bytes(np.asarray(array))
    return int(array.shape.num_elements()) * int(array.dtype.size)


def _string_bytes(texts: Any) -> int:
    return sum(STRING_BYTES + len(text) for text in texts.flat)


def parts_of(array: Any) -> tuple[Any, ...]:
    """The dense arrays that a ragged, sparse or distributed one is made of; () of a dense one."""
    if isinstance(parts := getattr(array, "values", None), tuple):
        return parts
    if hasattr(array, "nested_row_splits"):
        return array.flat_values, *array.nested_row_splits
    if hasattr(array, "dense_shape"):
        return array.indices, array.values, array.dense_shape
    return ()
