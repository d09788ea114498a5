"""A softmax over a row that is masked throughout: nothing but minus infinity."""

from __future__ import annotations

import math

from nanwatch.diagnosis import words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.looks import OperationLook
from nanwatch.diagnosis.operation_examples import in_layer, in_loss
from nanwatch.diagnosis.operations import fault_clues, fault_of, fix_for, subject, where

ENTROPIES = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
SAFE = (
    "Mask with a large negative number rather than minus infinity, and drop what came of rows "
    "without any valid entry.\n"
    "+ ops.softmax(ops.where(mask, scores, -1e9))"
)


def weigh(case: Case) -> Testimony | None:
    """The first bad value comes out of a softmax, or of one by hand, of a masked row."""
    fault = fault_of(case)
    if fault is None or not (fault.look.empty == "softmax" or _subtracts_infinity(fault.look)):
        return None
    look = fault.look
    rows = words.places("row", look.rows) if look.rows else "at least one row"
    found = [
        *fault_clues(case, fault),
        Clue(1.5, "rows of which every entry is masked", rows, "none", healthy=False),
    ]
    summary = f"{subject(look)} takes a softmax of a row in which every entry is masked: 0 / 0."
    return Testimony(summary, found, fix_for(look, SAFE), where(look), "safe_softmax")


def _subtracts_infinity(look: OperationLook) -> bool:
    """A softmax subtracts the row's maximum, and minus infinity from itself is NaN."""
    return look.kind in ("Sub", *ENTROPIES) and look.low == -math.inf and look.high < math.inf


PAGE = CausePage(
    label="all_masked_softmax",
    title="A softmax over a row that is masked throughout",
    why=(
        "A mask sets scores to minus infinity, and exp makes zeros of them. Where a whole row is "
        "masked - an empty sequence, a query without keys - the softmax divides 0 by 0. The "
        "other rows are fine, so it strikes with the first such sample."
    ),
    remedy="Use a large finite number, or let every row see at least one entry.",
    before="layers.Lambda(lambda x: ops.softmax(ops.where(x[1], x[0], -float('inf'))))",
    after="layers.Lambda(lambda x: ops.softmax(ops.where(x[1], x[0], -1e9)))",
    weigh=weigh,
    fires=(
        in_layer("Softmax", -math.inf, 2.0, empty="softmax", rows=(3,)),
        in_layer("RealDiv", 0.0, 4.0, empty="softmax", safe_softmax=CURED),
        in_loss("LogSoftmax", -math.inf, 2.0, empty="softmax"),
        in_layer("Sub", -math.inf, 1.0),
    ),
    quiet=(failed(), in_layer("RealDiv", 0.0, 2.0), in_layer("Exp", 0.0, 100.0)),
)
