"""How crowded the machine is: what takes a second by itself takes longer beside other programs."""

from __future__ import annotations

import os

MOST = 3.0
"""Nobody waits longer than so many times the usual."""


def crowding() -> float:
    """How many times longer work takes because others want the processors too: 1 to 3.

    The load average counts those who run or want to, over the last minute; Windows has none.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return stretch(load, os.cpu_count() or 1)


def stretch(load: float, processors: int) -> float:
    """The same of plain numbers. Pure."""
    return min(MOST, max(1.0, load / processors))
