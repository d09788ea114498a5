"""At which step a fit goes on that continues the run of another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def next_step(model: Any, params: Mapping[str, Any], epoch: int) -> int:
    """The global step that a resumed fit makes next.

    Args:
        model: with its weights, and its optimizer if that was kept, brought back.
        params: what Keras tells a callback of the fit.
        epoch: the one that begins; Keras' `initial_epoch` at first.
    """
    iterations = getattr(getattr(model, "optimizer", None), "iterations", 0)
    updates = int(np.asarray(getattr(iterations, "value", iterations)))
    return counted(epoch, params.get("steps"), updates)


def counted(epoch: int, steps: int | None, updates: int) -> int:
    """The same of plain numbers. Pure.

    An optimizer that was kept knows how many steps it made, also in the middle of an epoch. One
    that was not kept begins at 0, and one that served another training before has made more:
    neither fits into the epoch, so then whole epochs are counted.

    Args:
        steps: of one epoch; None where nobody knows.
        updates: how many the optimizer has made.
    """
    if steps is None:
        return updates
    begin = epoch * steps
    return updates if begin <= updates <= begin + steps else begin
