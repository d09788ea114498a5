"""How far one update moves each weight, on a sample of large ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nanwatch.recorder.arrays import as_numpy

MAX_CELLS = 100_000


class Moves:
    """Remembers weights before an update, and measures afterwards how far they moved.

    Of variables with more than a hundred thousand numbers together, every n-th number is looked
    at, and the norm is that of the sample, scaled up.

    Attributes:
        paths: the paths of the variables.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self._variables = variables
        self.paths = tuple(variable.path for variable in variables)
        total = sum(math.prod(variable.shape) for variable in variables)
        self._stride = 1 + total // MAX_CELLS
        self._before = [self._sample(variable) for variable in variables]

    def norms(self) -> NDArray[np.float64]:
        """The Euclidean norm of each variable's change since this object was made."""
        pairs = zip(self._variables, self._before, strict=True)
        with np.errstate(all="ignore"):
            moves = [np.linalg.norm(self._sample(v) - before) for v, before in pairs]
        return np.array(moves, np.float64) * math.sqrt(self._stride)

    def _sample(self, variable: Any) -> NDArray[np.float32]:
        cells = as_numpy(variable.value).reshape(-1)
        return np.array(cells[:: self._stride], np.float32)
