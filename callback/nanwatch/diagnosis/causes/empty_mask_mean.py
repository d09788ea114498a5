"""A mean over nothing: a mask that lets nothing through, in a loss or in pooling."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.operation_examples import in_layer, in_loss
from nanwatch.diagnosis.operations import fault_clues, fault_of, fix_for, subject, where

SAFE = (
    "Let a mean over nothing be 0: divide by at least 1, or without NaN.\n"
    "+ ops.sum(x * mask) / ops.maximum(ops.sum(mask), 1.0)"
)


def weigh(case: Case) -> Testimony | None:
    """The first bad value is 0 / 0: a sum over a mask divided by the mask's own sum."""
    fault = fault_of(case)
    if fault is None or fault.look.empty != "mean":
        return None
    found = [
        *fault_clues(case, fault),
        Clue(1.0, "values that the mean goes over", "none", "at least one"),
    ]
    look = fault.look
    summary = f"{subject(look)} takes a mean over nothing, 0 / 0: all is masked in this batch."
    return Testimony(summary, found, fix_for(look, SAFE), where(look), "safe_mean")


PAGE = CausePage(
    label="empty_mask_mean",
    title="A mean over nothing",
    why=(
        "A mean over the valid entries is their sum divided by their number. In a batch - or a "
        "row, where sequences are pooled - without any, that is 0 / 0, which is NaN. Small "
        "batches and rare classes make it a matter of time."
    ),
    remedy="Divide by ops.maximum(count, 1), or use ops.divide_no_nan, or drop such rows.",
    before=(
        "def loss(y_true, y_pred):\n"
        '    mask = ops.cast(y_true >= 0, "float32")\n'
        "    return ops.sum(ops.square(y_true - y_pred) * mask) / ops.sum(mask)"
    ),
    after=(
        "def loss(y_true, y_pred):\n"
        '    mask = ops.cast(y_true >= 0, "float32")\n'
        "    count = ops.maximum(ops.sum(mask), 1.0)\n"
        "    return ops.sum(ops.square(y_true - y_pred) * mask) / count"
    ),
    weigh=weigh,
    fires=(
        in_loss("RealDiv", 0.0, 0.0, empty="mean"),
        in_layer("RealDiv", 0.0, 6.0, empty="mean", rows=(3,), safe_mean=CURED),
        in_loss("Mean", float("nan"), float("nan"), empty="mean"),
    ),
    quiet=(failed(), in_loss("RealDiv", 0.0, 2.0), in_layer("Softmax", 0.0, 0.0, empty="softmax")),
)
