"""A root, norm or fractional power at zero inside a layer: it has no finite slope."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.operation_examples import in_layer, in_slope
from nanwatch.diagnosis.operations import weigh_fault


def weigh(case: Case) -> Testimony | None:
    """A layer's output is finite and its gradient is not: a root at 0."""
    return weigh_fault(case, "root", "layer", "safe_root")


PAGE = CausePage(
    label="layer_sqrt_zero_grad",
    title="The slope of a square root at zero, in a layer",
    why=(
        "The slope of sqrt(x) is infinite at 0. relu, padding and equal rows make exact"
        " zeros; the layer's output is fine there, and its gradient is infinity or NaN."
        " Below 0 the root itself is NaN."
    ),
    remedy=("Add a small number under the root, also within norms and standard deviations."),
    before="layers.Lambda(lambda x: ops.sqrt(ops.relu(x)))",
    after="layers.Lambda(lambda x: ops.sqrt(ops.relu(x) + 1e-12))",
    weigh=weigh,
    fires=(
        in_slope("Sqrt", "layer", 0.0, 2.0, safe_root=CURED),
        in_layer("Sqrt", -2.0, 1.0),
        in_slope("EuclideanNorm", "layer", 0.0, 1.0),
    ),
    quiet=(failed(), in_slope("Sqrt", "loss", 0.0, 1.0), in_layer("Log", -1.0, 1.0)),
)
