"""A logarithm of zero or of a negative number inside a layer."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.families import POSITIVE
from nanwatch.diagnosis.operation_examples import in_layer, in_loss, in_slope
from nanwatch.diagnosis.operations import weigh_fault


def weigh(case: Case) -> Testimony | None:
    """The first bad value is the logarithm of what is not positive, made inside a layer."""
    remedy = case.better("safe_log", "positive")
    safe = POSITIVE if remedy == "positive" else ""
    return weigh_fault(case, "logarithm", "layer", remedy, safe=safe, also_try=("positive",))


PAGE = CausePage(
    label="layer_log_of_nonpositive",
    title="The logarithm of a value that is not positive, in a layer",
    why=(
        "log(0) is minus infinity and the logarithm of a negative number is NaN. "
        "Standardised inputs and the outputs of a Dense layer are negative half of the "
        "time; relu makes exact zeros."
    ),
    remedy=("Clip the argument, or use log1p of something that cannot be negative, or softplus."),
    before="layers.Lambda(lambda x: ops.log(x))",
    after="layers.Lambda(lambda x: ops.log(ops.maximum(x, 1e-7)))",
    weigh=weigh,
    fires=(
        in_layer("Log", -2.0, 2.0),
        in_slope("Log", "layer", 0.0, 2.0),
        in_layer("Log1p", -3.0, 2.0, safe_log=CURED),
    ),
    quiet=(failed(), in_loss("Log", -1.0, 1.0), in_layer("Exp", 0.0, 200.0)),
)
