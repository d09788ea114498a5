"""A root, norm or fractional power at zero in a loss of the user's own: it has no finite slope."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.operation_examples import in_layer, in_loss, in_slope
from nanwatch.diagnosis.operations import weigh_fault


def weigh(case: Case) -> Testimony | None:
    """The loss is finite and its gradient is not: a root at 0, on the user's own line."""
    return weigh_fault(case, "root", "loss", "safe_root")


PAGE = CausePage(
    label="custom_loss_sqrt_zero_grad",
    title="The slope of a square root at zero, in your loss",
    why=(
        "The slope of sqrt(x) is 1 / (2 sqrt(x)): infinite at 0. A distance that "
        "becomes exactly 0 - a perfect fit, a pair of equal rows, a constant batch - "
        "has a finite loss, but its gradient is infinity times 0, which is NaN. The "
        "loss turns NaN one step later. Below 0 the root itself is NaN."
    ),
    remedy=(
        "Add a small number under the root, or use the squared distance. ops.where "
        "round the root does not help unless the argument is made safe before it."
    ),
    before=(
        "def loss(y_true, y_pred):\n"
        "    squares = ops.square(y_true - y_pred)\n"
        "    return ops.sqrt(ops.sum(squares, axis=-1))"
    ),
    after=(
        "def loss(y_true, y_pred):\n"
        "    squares = ops.square(y_true - y_pred)\n"
        "    return ops.sqrt(ops.sum(squares, axis=-1) + 1e-12)"
    ),
    weigh=weigh,
    fires=(
        in_slope("Sqrt", "loss", 0.0, 2.0, safe_root=CURED),
        in_slope("Pow", "loss", 0.0, 1.0),
        in_loss("Sqrt", -0.1, 1.0),
    ),
    quiet=(
        failed(),
        in_slope("Sqrt", "layer", 0.0, 1.0),
        in_slope("Log", "loss", 0.0, 1.0),
        in_layer("Sqrt", -1.0, 1.0),
    ),
)
