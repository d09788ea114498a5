"""The generators of random numbers that a whole process shares, left as they were.

A step that is looked at again draws its random numbers again. Those of Keras' seed generators are
variables and come back with a snapshot; these are not: the training after the look, and the
shuffling of its data, would go on with other numbers than without it.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator

import numpy as np


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """A block after which Python's, NumPy's and PyTorch's generators stand where they stood."""
    python, numpy = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    drawn = torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        if torch:
            torch.set_rng_state(drawn)
