"""The last batches, kept by reference within a memory budget."""

from __future__ import annotations

from collections import deque
from typing import Any

from keras import tree

WEIGH_EVERY = 16


class BatchRing:
    """The last `count` batches, fewer when they would exceed `budget` bytes.

    A batch is what the input pipeline has made anyway; keeping a reference copies nothing, and
    the memory is that of the batches kept. Every sixteenth batch is weighed and the others are
    taken to be like it, because weighing costs more than keeping.
    """

    def __init__(self, count: int = 32, budget: int = 48 * 1024 * 1024) -> None:
        self.count = count
        self.budget = budget
        self._kept: deque[tuple[int, Any, int]] = deque()
        self._bytes = 0
        self._added = 0
        self._weight = 0

    def add(self, step: int, batch: Any) -> None:
        """Keep a batch; the oldest leave to make room. One larger than the budget is not kept."""
        if self._added % WEIGH_EVERY == 0:
            self._weight = batch_bytes(batch)
        self._added += 1
        self._kept.append((step, batch, self._weight))
        self._bytes += self._weight
        while self._kept and (len(self._kept) > self.count or self._bytes > self.budget):
            self._bytes -= self._kept.popleft()[2]

    def since(self, step: int) -> list[tuple[int, Any]]:
        """The kept batches of `step` and later, oldest first."""
        return [(at, batch) for at, batch, _ in self._kept if at >= step]

    def clear(self) -> None:
        """Let all batches go."""
        self._kept.clear()
        self._bytes = 0


def batch_bytes(batch: Any) -> int:
    """The memory of a batch's arrays; an array of unknown size counts as nothing."""
    return sum(_nbytes(array) for array in tree.flatten(batch) if array is not None)


def _nbytes(array: Any) -> int:
    size = getattr(array, "nbytes", None)
    if isinstance(size, int):
        return size
    shape: Any = getattr(array, "shape", None)
    elements = shape.num_elements() if hasattr(shape, "num_elements") else None
    return int(elements or 0) * int(getattr(array.dtype, "size", 0))
