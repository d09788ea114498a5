"""A division by zero in a loss of the user's own."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.operation_examples import in_graph, in_layer, in_loss, in_slope
from nanwatch.diagnosis.operations import weigh_fault


def weigh(case: Case) -> Testimony | None:
    """The first bad value is a quotient whose divisor is 0, on the user's own line."""
    remedy = case.better("safe_division", "positive")
    return weigh_fault(case, "division", "loss", remedy, also_try=("positive",))


PAGE = CausePage(
    label="custom_loss_division_by_zero",
    title="A division by zero in your loss",
    why=(
        "A count, a sum, a norm or a spread in a divisor is exactly 0 for some batch: "
        "no positive label, equal values, a target of 0. Then 0 / 0 is NaN and anything"
        " else infinite. ops.where round the quotient does not help, because the branch"
        " not taken is differentiated too."
    ),
    remedy=(
        "Use ops.divide_no_nan, add a small number to the divisor (and to the numerator"
        " in Dice and IoU), or leave such rows out."
    ),
    before="def loss(y_true, y_pred):\n    return ops.mean(ops.abs(y_true - y_pred) / y_true)",
    after=(
        "def loss(y_true, y_pred):\n"
        "    size = ops.maximum(ops.abs(y_true), 1e-3)\n"
        "    return ops.mean(ops.abs(y_true - y_pred) / size)"
    ),
    weigh=weigh,
    fires=(
        in_loss("RealDiv", 0.0, 3.0, rows=(4,)),
        in_loss("Reciprocal", 0.0, 0.0, safe_division=CURED),
        in_slope("RealDiv", "loss", 0.0, 2.0),
        in_graph("RealDiv", 1e-8, 1.0, safe_division=CURED),
    ),
    quiet=(failed(), in_layer("RealDiv", 0.0, 1.0), in_loss("RealDiv", 0.0, 0.0, empty="mean")),
)
