"""A value above 65504 in half precision."""

from __future__ import annotations

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, failed, weights
from nanwatch.diagnosis.looks import LayerLook
from nanwatch.diagnosis.operation_examples import in_layer, in_loss
from nanwatch.diagnosis.operations import SYMPTOMS, fault_of, too_large_for_half, where
from nanwatch.events import Fix

LARGEST = 65504.0
"""The largest finite number of float16."""
FIX = Fix(
    "Compute this part in single precision, or keep its values small by scaling or normalising "
    "what goes in; bfloat16 has the range of float32.",
    'layers.Dense(units, dtype="float32")  # this layer alone\n'
    'keras.config.set_dtype_policy("mixed_bfloat16")',
)


def weigh(case: Case) -> Testimony | None:
    """Half precision makes infinity of what single precision would hold."""
    fault = fault_of(case)
    if fault is not None and too_large_for_half(fault.look):
        look = fault.look
        place, name = where(look), look.layer or look.source_line or "the loss"
        seen = Clue(5.0, "first operation that is not finite", f"{look.kind} in float16", "none")
    elif (layer := _layer(case)) is not None:
        place, name = {"layer": layer.name}, layer.name
        seen = Clue(3.0, "first layer whose output is not finite", layer.name, "none")
    else:
        return None
    found = [
        seen,
        Clue(0.5, "precision", str(case.facts.get("policy", "float16")), "float32"),
        clues.data_finite(case),
        clues.weights_were_finite(case),
        _kept(case),
    ]
    largest = max((look.input_largest for look in _seen(case)), default=0.0)
    summary = (
        f"{name} computes in half precision, which ends at {words.number(LARGEST)}; it was given "
        f"values up to {words.number(largest)}, and its result is infinite there."
    )
    return Testimony(summary, found, FIX, place, "full_precision")


def _layer(case: Case) -> LayerLook | None:
    """Where operations are not known: the layer that made infinity under a policy of halves."""
    if case.autopsy is None or case.autopsy.operation is not None or case.symptom not in SYMPTOMS:
        return None
    halves = str(case.facts.get("policy", "")).endswith("float16")
    halves = halves and not str(case.facts.get("policy", "")).endswith("bfloat16")
    return case.autopsy.born_in if halves else None


def _seen(case: Case) -> list[LayerLook]:
    looks = case.autopsy.layers if case.autopsy else ()
    return [look for look in looks if look.input_finite and not look.output_finite]


def _kept(case: Case) -> Clue:
    """Loss scaling skips such a step: the loss is NaN while the weights live on."""
    finite = case.autopsy is None or case.autopsy.update_finite
    seen = "finite" if finite else "not finite"
    return Clue(0.5 if finite else 0.0, "weights after the step", seen, "finite", finite)


HALF = {"policy": "mixed_float16"}

PAGE = CausePage(
    label="float16_overflow",
    title="A value too large for half precision",
    why=(
        "float16 ends at 65504. A sum over many inputs, a product of unscaled values or exp(12) "
        "passes that and becomes infinite, where float32 would go on. Loss scaling skips the "
        "update and halves the scale, but the forward pass overflows again and again: the loss "
        "is NaN and the weights stand still."
    ),
    remedy="Scale the inputs, normalise between layers, compute the large part in float32.",
    before='keras.config.set_dtype_policy("mixed_float16")\nlayers.Dense(1)',
    after='keras.config.set_dtype_policy("mixed_float16")\nlayers.Dense(1, dtype="float32")',
    weigh=weigh,
    fires=(
        in_layer("MatMul", -2e4, 6e4, dtype="float16", facts=HALF, source_line="", code=""),
        in_loss("Exp", 0.0, 14.0, dtype="float16", full_precision=CURED),
        failed(
            facts=HALF,
            autopsy={
                "layers": (LayerLook("dense", "Dense", True, False, 6e4),),
                "predictions_finite": False,
            },
        ),
    ),
    quiet=(
        failed(facts=HALF),
        in_layer("Log", -1.0, 1.0, dtype="float16", facts=HALF),
        failed(facts=HALF, autopsy={"variables": weights(finite=False)}),
    ),
)
