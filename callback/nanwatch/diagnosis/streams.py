"""Data that come as a stream, batch after batch, and how a batch stands out of the others."""

from __future__ import annotations

import math

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.scale import scale_of

MOST_ROWS = 0.5
"""From this share of bad rows on, the batch is bad and not some rows of it."""
ABSURD = 100.0


def is_stream(case: Case) -> bool:
    """Whether the data are made or read while the fit runs."""
    return str(case.facts.get("data_kind", "arrays")) != "arrays"


def bad_share(look: ArrayLook) -> float:
    """The share of the batch's rows that hold a cell which is not finite."""
    return len(look.rows) / look.shape[0] if look.shape and look.shape[0] else 0.0


def spoilt(case: Case) -> ArrayLook | None:
    """An array of a stream's batch of which most rows are not finite, after batches that were."""
    if not is_stream(case) or case.history.seen < 2 or case.autopsy is None:
        return None
    looks = case.autopsy.arrays
    return next((look for look in looks if bad_share(look) >= MOST_ROWS), None)


def out_of_scale(case: Case) -> tuple[ArrayLook, float] | None:
    """An array of a stream's batch on another scale than in the first batch, and how many times."""
    if not is_stream(case) or not case.first_step or case.autopsy is None:
        return None
    before = {(look.role, look.name): scale_of(look) for look in case.data}
    for look in case.autopsy.arrays:
        usual = before.get((look.role, look.name), math.nan)
        if look.finite and not look.outliers and scale_of(look) > ABSURD * max(usual, 1e-3):
            return look, scale_of(look) / usual
    return None
