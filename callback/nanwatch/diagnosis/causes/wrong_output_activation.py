"""The last activation cannot express the target, or what the loss takes the logarithm of."""

from __future__ import annotations

import math

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import (
    CURED,
    failed,
    labels,
    one_hot,
    output_facts,
    predicted,
    silent,
    table,
)
from nanwatch.diagnosis.findings import MISFIT, testify
from nanwatch.diagnosis.heads import RULES, no_distribution

SYMPTOMS = MISFIT | {"nan_loss", "negative_loss", "oscillating", "loss_spike", "exploding_loss"}


def weigh(case: Case) -> Testimony | None:
    """An activation whose range is not that of the target, or of a probability."""
    if case.symptom == "negative_loss":
        return testify(case, (no_distribution,))
    return testify(case, RULES) if case.symptom in SYMPTOMS else None


MSE, BCE, CCE = "MeanSquaredError", "BinaryCrossentropy", "CategoricalCrossentropy"
FREE = table("target", shape=(32, 1))

PAGE = CausePage(
    label="wrong_output_activation",
    title="A last activation that cannot express the target",
    why=(
        "The last activation settles what a model can say. A softmax over one unit says 1 to "
        "everything, a sigmoid never leaves 0 to 1, a relu says no negative number and gives a "
        "cross-entropy zeros to take the logarithm of. The predictions end at the border of the "
        "range, where no gradient is left."
    ),
    remedy=(
        "Free numbers: no activation. Numbers of 0 or more: softplus. Yes or no, one unit each: "
        "sigmoid. One class of several: softmax with one unit a class."
    ),
    before='Dense(1, activation="softmax")\nmodel.compile("adam", "binary_crossentropy")',
    after='Dense(1, activation="sigmoid")\nmodel.compile("adam", "binary_crossentropy")',
    weigh=weigh,
    fires=(
        silent(
            "loss_stuck",
            table(),
            labels(0.0, 1.0),
            predicted(1.0, 1.0),
            facts=output_facts("softmax", BCE),
        ),
        silent("underfit", table(), FREE, predicted(0, 1), facts=output_facts("sigmoid", MSE)),
        failed(
            table(),
            one_hot(),
            facts=output_facts("relu", CCE, 3),
            autopsy={"predictions": (predicted(0.0, 3.0, 3),), "loss": math.nan},
            softmax_output=CURED,
        ),
        silent(
            "underfit",
            table(),
            labels(0.0, 1.0, width=3),
            predicted(0, 1, 3),
            facts=output_facts("softmax", BCE, 3),
        ),
        silent(
            "underfit",
            table(),
            labels(0.0, 1.0),
            predicted(0, 2),
            facts=output_facts("relu", BCE, from_logits=True),
        ),
        silent(
            "negative_loss",
            table(),
            table("target", shape=(32, 3), low=0.1, high=0.8, sums_to_one=True),
            predicted(0.7, 1.0, 3),
            facts=output_facts("sigmoid", "KLDivergence", 3),
        ),
    ),
    quiet=(
        silent("underfit", table(), FREE, predicted(-2, 2), facts=output_facts("linear", MSE)),
        silent(
            "underfit",
            table(),
            labels(0.0, 1.0),
            predicted(0, 1),
            facts=output_facts("sigmoid", MSE),
        ),
        silent(
            "underfit",
            table(),
            table("target", shape=(32, 1), low=0.0, high=9.0),
            predicted(0, 8),
            facts=output_facts("relu", MSE),
        ),
        silent(
            "underfit",
            table(),
            one_hot(),
            predicted(0, 1, 3),
            facts=output_facts("softmax", CCE, 3),
        ),
        failed(table(), table("target", low=-1.0, high=5.0)),
    ),
)
