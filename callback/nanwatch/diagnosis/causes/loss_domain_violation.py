"""A built-in loss is given values for which it is not made."""

from __future__ import annotations

import math

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.domains import RULES, SENTINEL
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
from nanwatch.diagnosis.looks import OperationLook

SYMPTOMS = MISFIT | {"nan_loss", "negative_loss", "exploding_loss", "oscillating", "loss_spike"}


def weigh(case: Case) -> Testimony | None:
    """A loss of counts, chances or percentages that is given something else."""
    return testify(case, RULES) if case.symptom in SYMPTOMS else None


COUNTS = labels(0.0, 1.0, 2.0, 5.0, shape=(32, 1))
MAPE, KLD = "MeanAbsolutePercentageError", "KLDivergence"
COSINE = output_facts("linear", "CosineSimilarity", 6)
EDGE = {
    "loss": -0.1,
    "predictions": (predicted(-1.0, 1.0, 6),),
    "risks": (OperationLook("Rsqrt", "loss", low=0.0, high=9.0, rows=(10,), infinite=True),),
}

PAGE = CausePage(
    label="loss_domain_violation",
    title="A built-in loss outside its domain",
    why=(
        "Some losses take a logarithm, a root or a quotient of what they are given: Poisson of "
        "the prediction, KL divergence of both sides, a percentage error of the target. Where the "
        "values leave what the loss is made for, it is NaN or infinite, or it is clipped and "
        "stands on a plateau without a gradient."
    ),
    remedy=(
        "Let the last activation keep the predictions where the loss wants them: softplus for "
        "counts, softmax for distributions, sigmoid for masks. Or take a loss that is defined "
        "everywhere. `nanwatch explain Poisson` says where each loss breaks."
    ),
    before='Dense(1)\nmodel.compile("adam", "poisson")',
    after='Dense(1, activation="softplus")\nmodel.compile("adam", "poisson")',
    weigh=weigh,
    fires=(
        failed(
            table(),
            COUNTS,
            facts=output_facts("linear", "Poisson"),
            autopsy={"predictions": (predicted(-2.0, 3.0),), "loss": math.nan},
            softplus_output=CURED,
        ),
        failed(table(), facts={**COSINE, "jit_compile": True}, autopsy=EDGE),
        silent(
            "huge_loss",
            table(),
            table("target", low=0.0, high=4.0, shape=(32, 1)),
            losses=(5e8, 4e8),
            facts=output_facts("linear", MAPE),
        ),
        silent(
            "underfit",
            table(),
            one_hot(),
            predicted(-3, 3, 3),
            facts=output_facts("linear", KLD, 3),
        ),
        silent(
            "loss_stuck",
            table(),
            labels(1.0, 2.0, 3.0, width=8),
            losses=(SENTINEL, SENTINEL),
            facts=output_facts("linear", "CTC", 20),
        ),
        silent(
            "loss_stuck",
            table(),
            table("target", low=1.0, high=900.0, shape=(32, 1)),
            predicted(-3.0, -0.1),
            facts=output_facts("linear", "MeanSquaredLogarithmicError"),
        ),
    ),
    quiet=(
        failed(table(), facts={**COSINE, "jit_compile": False}, autopsy=EDGE),
        silent(
            "underfit",
            table(),
            COUNTS,
            predicted(0.1, 3.0),
            facts=output_facts("softplus", "Poisson"),
        ),
        silent(
            "underfit",
            table(),
            table("target", low=5.0, high=40.0, shape=(32, 1)),
            facts=output_facts("linear", MAPE),
        ),
        failed(losses=(1.0, 1e5, 1e12), facts=output_facts("linear", "MeanSquaredError")),
    ),
)
