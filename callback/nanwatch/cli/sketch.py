"""A small curve for a terminal, made of block characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
ODD = "×"
"""Stands above a column whose value is no finite number."""


def curve(values: Sequence[float], height: int) -> list[str]:
    """Draw one column a value; the lowest value is one eighth of a line high.

    Args:
        values: NaN and infinities are marked on a rail above the curve, never drawn as numbers.
        height: lines of the curve, without the rail.

    Returns:
        The rail, then the lines from top to bottom.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    levels = [_level(value, low, high, height * 8) for value in values]
    rail = "".join(" " if math.isfinite(value) else ODD for value in values)
    lines = [
        "".join(BLOCKS[min(8, max(0, level - 8 * line))] for level in levels)
        for line in reversed(range(height))
    ]
    return [rail, *lines]


def _level(value: float, low: float, high: float, most: int) -> int:
    """How many eighths of a line high a value stands; 0 for one that is not finite."""
    if not math.isfinite(value):
        return 0
    share = (
        (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.0
    )  # halves: no overflow
    return 1 + round(share * (most - 1))
