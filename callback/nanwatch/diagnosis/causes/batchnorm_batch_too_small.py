"""BatchNormalization over a batch of one row."""

from __future__ import annotations

from typing import Any

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.scale import has_layer
from nanwatch.diagnosis.silent import NOT_LEARNING
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix

FIX = Fix(
    "Train in batches of 16 rows or more, or use LayerNormalization, which needs no batch.",
    "- model.fit(x, y, batch_size=1)\n+ model.fit(x, y, batch_size=32)",
)
SMALL = 4
"""Statistics of so few rows cost accuracy by themselves (Wu, He, "Group Normalization", 2018, table
2: an error of 23.6 % with 32 rows, 27.3 % with 4, 34.7 % with 2)."""


def weigh(case: Case) -> Testimony | None:
    """A normalisation over so few rows that little or nothing is left of them."""
    rows = case.facts.get("batch_size")
    if not isinstance(rows, int) or rows > SMALL or not has_layer(case, ("BatchNormalization",)):
        return None
    weight = 3.0 if rows == 1 else 1.0
    found = [
        Clue(weight, "rows of a batch, with BatchNormalization", str(rows), "16 or more", False)
    ]
    summary = (
        f"BatchNormalization takes mean and spread of {rows} row: a row minus its "
        "own mean is 0, whatever was in it."
        if rows == 1
        else f"BatchNormalization takes mean and spread of {rows} rows: mostly noise."
    )
    return Testimony(summary, found, FIX, {}, "larger_batch")


def _facts(rows: int, kind: str = "BatchNormalization") -> dict[str, Any]:
    return {"batch_size": rows, "model": {"layers": [{"name": "norm", "class": kind}]}}


PAGE = CausePage(
    label="batchnorm_batch_too_small",
    title="Batch normalisation over one row",
    why=(
        "In training, BatchNormalization subtracts the batch's mean and divides by its spread. Of "
        "a single row nothing is left but its learnt offset: the layers behind see a constant."
    ),
    remedy="Use larger batches, or LayerNormalization or GroupNormalization.",
    before="model.fit(x, y, batch_size=1)",
    after="model.fit(x, y, batch_size=32)",
    weigh=weigh,
    fires=(idle(facts=_facts(1), larger_batch=0.3), idle(facts=_facts(2), larger_batch=0.3)),
    quiet=(
        idle(facts=_facts(32)),
        idle(facts=_facts(1, "LayerNormalization")),
        idle(facts=_facts(1), larger_batch=1.0),
    ),
    symptoms=NOT_LEARNING,
)
