"""A division by zero inside a layer."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.operation_examples import in_layer, in_loss, in_slope
from nanwatch.diagnosis.operations import weigh_fault


def weigh(case: Case) -> Testimony | None:
    """The first bad value is a quotient whose divisor is 0, made inside a layer."""
    remedy = case.better("safe_division", "positive")
    return weigh_fault(case, "division", "layer", remedy, also_try=("positive",))


PAGE = CausePage(
    label="layer_division_by_zero",
    title="A division by zero in a layer",
    why=(
        "A layer that normalises divides by a sum, a norm or a spread. For a row of "
        "zeros, or of equal values, that is 0, and 0 / 0 is NaN. Padding, relu and "
        "dropout make such rows."
    ),
    remedy=(
        "Add a small number to the divisor, or use ops.divide_no_nan, ops.normalize or "
        "a LayerNormalization."
    ),
    before="layers.Lambda(lambda x: x / ops.sum(x, axis=-1, keepdims=True))",
    after="layers.Lambda(lambda x: x / (ops.sum(ops.abs(x), axis=-1, keepdims=True) + 1e-7))",
    weigh=weigh,
    fires=(
        in_layer("RealDiv", 0.0, 3.0, rows=(4,)),
        in_layer("Rsqrt", 0.0, 3.0, safe_division=CURED),
        in_layer("Pow", 0.0, 6.0, infinite=True, exponent=-0.5, safe_division=CURED),
        in_slope("RealDiv", "layer", 0.0, 2.0),
    ),
    quiet=(failed(), in_loss("RealDiv", 0.0, 1.0), in_layer("RealDiv", 0.0, 0.0, empty="mean")),
)
