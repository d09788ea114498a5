"""Data that come as a stream, batch after batch, and how a batch stands out of the others."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.scale import scale_of

MOST_ROWS = 0.5
"""From this share of bad rows on, the batch is bad and not some rows of it."""
ABSURD = 100.0
"""A batch so many times as large as the first one is on another scale."""


def is_stream(case: Case) -> bool:
    """Whether the data are made or read while the fit runs."""
    return str(case.facts.get("data_kind", "arrays")) != "arrays"


def bad_share(look: ArrayLook) -> float:
    """The share of the batch's rows that hold a cell which is not finite."""
    return len(look.rows) / look.shape[0] if look.shape and look.shape[0] else 0.0


def spoilt(case: Case) -> ArrayLook | None:
    """An array of a stream's batch of which most is not finite or absurd, after good batches."""
    if not is_stream(case) or case.history.seen < 2 or case.autopsy is None:
        return None
    bad = [look for look in case.autopsy.arrays if not look.finite]
    return next(
        (look for look in bad if bad_share(look) >= MOST_ROWS or _growth(case, look) > ABSURD), None
    )


def out_of_scale(case: Case) -> tuple[ArrayLook, float] | None:
    """An array of a stream's batch on another scale than in the first batch, and how many times."""
    if not is_stream(case) or not case.first_step or case.autopsy is None:
        return None
    for look in case.autopsy.arrays:
        if look.finite and not look.outliers and _growth(case, look) > ABSURD:
            return look, _growth(case, look)
    return None


def _growth(case: Case, look: ArrayLook) -> float:
    """How many times the scale of the first batch; 0 when that is not known."""
    before = [one for one in case.data if (one.role, one.name) == (look.role, look.name)]
    return scale_of(look) / max(scale_of(before[0]), 1e-3) if before else 0.0
