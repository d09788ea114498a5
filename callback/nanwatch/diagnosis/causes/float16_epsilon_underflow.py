"""A small constant, or a library's own guard, that half precision rounds away."""

from __future__ import annotations

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.looks import OperationLook
from nanwatch.diagnosis.operation_examples import in_layer, in_loss
from nanwatch.diagnosis.operations import SYMPTOMS, fault_of, lost_in_half, span, where
from nanwatch.events import Fix

SMALLEST = 6e-8
"""The smallest positive number of float16, 2**-24."""
FIX = Fix(
    "Use an epsilon that half precision can hold (1e-4), or compute this part in float32.",
    "keras.optimizers.Adam(epsilon=1e-4)\n"
    "x / (norm + 1e-4)  # in code of your own\n"
    "keras.losses.BinaryCrossentropy()  # without dtype: computes in float32",
)


def weigh(case: Case) -> Testimony | None:
    """In half precision, an operation reaches the limit that a small constant should keep off."""
    look = _lost(case)
    if look is None:
        return None
    name = _place(look)
    found = [
        Clue(5.0, "first operation that is not finite", f"{look.kind} of {span(look)}", "none"),
        Clue(1.0, "precision of that operation", "float16", "float32"),
        clues.data_finite(case),
        clues.weights_were_finite(case),
        *_epsilon(case, look),
    ]
    summary = (
        f"{name} computes in half precision, where a number below {words.number(SMALLEST)} is 0 "
        f"and 1 - 1e-7 is 1: {look.kind} reaches the limit that an epsilon should keep it off."
    )
    return Testimony(summary, found, FIX, where(look), "larger_epsilon", ("full_precision",))


def _lost(case: Case) -> OperationLook | None:
    """The operation whose guard is gone: in the forward pass, or in the optimizer's update."""
    found = case.autopsy.operation if case.autopsy else None
    if found is None or case.symptom not in SYMPTOMS:
        return None
    fault = fault_of(case)
    look = found if fault is None else fault.look
    return look if lost_in_half(look) else None


def _place(look: OperationLook) -> str:
    if look.stage == "step":
        return "The optimizer"
    return look.source_line or (f"The layer {look.layer}" if look.layer else "The loss")


def _epsilon(case: Case, look: OperationLook) -> list[Clue]:
    epsilon = (case.optimizer.get("config") or {}).get("epsilon")
    if look.stage != "step" or not isinstance(epsilon, int | float):
        return []
    lost = epsilon < SMALLEST
    return [Clue(1.0 if lost else 0.0, "epsilon", words.number(epsilon), "at least 1e-4", not lost)]


UPDATE = OperationLook("RealDiv", "step", low=0.0, high=0.1, dtype="float16", lost_epsilon=True)

PAGE = CausePage(
    label="float16_epsilon_underflow",
    title="An epsilon that half precision rounds to zero",
    why=(
        "The smallest number of float16 is 6e-8. An epsilon of 1e-8 is 0 there, and a clip at "
        "1 - 1e-7 is a clip at 1. The division or logarithm that it should guard meets its limit "
        "after all: 0 / 0 in Adam for a weight without a gradient, log(0) in a crossentropy."
    ),
    remedy="Keep optimizers and losses in float32, or choose an epsilon of about 1e-4.",
    before='keras.config.set_dtype_policy("float16")\nkeras.optimizers.Adam(epsilon=1e-8)',
    after='keras.config.set_dtype_policy("mixed_float16")\nkeras.optimizers.Adam()',
    weigh=weigh,
    fires=(
        in_loss("RealDiv", 0.0, 1.0, dtype="float16", lost_epsilon=True),
        in_layer("RealDiv", 0.0, 1.0, dtype="float16", lost_epsilon=True, larger_epsilon=CURED),
        in_loss("Log", 0.0, 1.0, dtype="float16", source_line="", code=""),
        failed(
            autopsy={"operation": UPDATE, "update_finite": False},
            optimizer={"class": "Adam", "learning_rate": 0.001, "config": {"epsilon": 1e-8}},
        ),
    ),
    quiet=(
        failed(),
        in_loss("RealDiv", 0.0, 1.0),
        failed(autopsy={"operation": OperationLook("Log", "loss", low=0.0, high=1.0)}),
    ),
)
