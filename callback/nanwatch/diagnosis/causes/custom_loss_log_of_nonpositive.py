"""A logarithm of zero or of a negative number in a loss of the user's own."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.families import POSITIVE
from nanwatch.diagnosis.operation_examples import in_graph, in_layer, in_loss, in_slope
from nanwatch.diagnosis.operations import weigh_fault

SAFE = (
    "Keep the argument above 0 before the logarithm: clip it, or let the model put out "
    "something positive (softplus, sigmoid, exp).\n"
    "+ ops.log(ops.maximum(x, 1e-7))"
)


def weigh(case: Case) -> Testimony | None:
    """The first bad value is the logarithm of what is not positive, on the user's own line."""
    remedy = case.better("safe_log", "positive")
    safe = POSITIVE if remedy == "positive" else SAFE
    return weigh_fault(case, "logarithm", "loss", remedy, safe=safe, also_try=("positive",))


PAGE = CausePage(
    label="custom_loss_log_of_nonpositive",
    title="The logarithm of a value that is not positive, in your loss",
    why=(
        "log(0) is minus infinity and the logarithm of a negative number is NaN. A "
        "linear output reaches such values sooner or later. ops.where(x > 0, "
        "ops.log(x), 0) does not help: the branch not taken is differentiated too, and "
        "0 times its infinite slope is NaN."
    ),
    remedy=(
        "Clip the argument, not the result. Where the values should never get there, "
        "change the last activation; for likelihoods let the model put out the "
        "logarithm itself."
    ),
    before="def loss(y_true, y_pred):\n    return -ops.mean(y_true * ops.log(y_pred))",
    after=(
        "def loss(y_true, y_pred):\n"
        "    y_pred = ops.maximum(y_pred, 1e-7)\n"
        "    return -ops.mean(y_true * ops.log(y_pred))"
    ),
    weigh=weigh,
    fires=(
        in_loss("Log", -0.7, 0.8, rows=(2,)),
        in_loss("Log", 0.0, 1.0, safe_log=CURED),
        in_slope("Log", "loss", 0.0, 2.0),
        in_graph("Log", 1e-8, 1.0, safe_log=CURED),
    ),
    quiet=(
        failed(),
        in_layer("Log", -1.0, 1.0),
        in_loss("RealDiv", 0.0, 1.0),
        in_loss("Log", -0.7, 0.8, source_line=""),
    ),
)
