"""The loss belongs to another task than the targets."""

from __future__ import annotations

from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Testimony
from nanwatch.diagnosis.examples import (
    CURED,
    labels,
    one_hot,
    output_facts,
    predicted,
    silent,
    table,
)
from nanwatch.diagnosis.findings import MISFIT, testify
from nanwatch.diagnosis.tasks import RULES

SYMPTOMS = MISFIT | {"nan_loss", "negative_loss", "oscillating", "exploding_loss"}


def weigh(case: Case) -> Testimony | None:
    """A loss of another task than that of the targets."""
    return testify(case, RULES) if case.symptom in SYMPTOMS else None


MSE, BCE, CCE = "MeanSquaredError", "BinaryCrossentropy", "CategoricalCrossentropy"
SCCE = "SparseCategoricalCrossentropy"
FREE = table("target", shape=(32, 1))

PAGE = CausePage(
    label="wrong_loss_for_task",
    title="A loss of another task",
    why=(
        "A loss gives the targets their meaning: amounts, yes or no, one class of several. Under "
        "a loss of another task the numbers are read as something else: class 7 as a probability "
        "of 7, a price as a class, a class number as an amount."
    ),
    remedy=(
        "Amounts: mean_squared_error. Yes or no, or several labels at once: binary_crossentropy. "
        "One class of several: sparse_categorical_crossentropy for class numbers, "
        "categorical_crossentropy for one-hot rows."
    ),
    before='Dense(1, activation="sigmoid")\nmodel.compile("adam", "binary_crossentropy")\n'
    "model.fit(x, digits)",
    after='Dense(10, activation="softmax")\n'
    'model.compile("adam", "sparse_categorical_crossentropy")\nmodel.fit(x, digits)',
    weigh=weigh,
    fires=(
        silent(
            "huge_loss",
            table(),
            table("target", low=0.0, high=1.0, mean=0.3),
            predicted(0.0, 1.0, 4),
            facts=output_facts("sigmoid", "CategoricalCrossentropy", 4),
        ),
        silent(
            "negative_loss",
            table(),
            labels(0.0, 1.0, 2.0),
            predicted(0.9, 1.0),
            losses=(0.5, -1.0, -5.0),
            facts=output_facts("sigmoid", BCE),
        ),
        silent(
            "underfit",
            table(),
            labels(0.0, 1.0, 2.0),
            predicted(0.3, 0.4, 3),
            facts=output_facts("softmax", MSE, 3),
            as_classes=CURED,
        ),
        silent("zero_loss", table(), labels(0.0, 1.0), facts=output_facts("sigmoid", CCE)),
        silent("negative_loss", table(), FREE, facts=output_facts("sigmoid", BCE)),
        silent(
            "loss_stuck",
            table(),
            labels(0.0, 1.0),
            predicted(0.0, 0.1),
            facts={**output_facts("sigmoid", MSE), "metrics": ["accuracy"]},
            as_binary=CURED,
        ),
    ),
    quiet=(
        silent("underfit", table(), labels(0.0, 1.0), facts=output_facts("sigmoid", BCE)),
        silent("underfit", table(), one_hot(), facts=output_facts("softmax", CCE, 3)),
        silent("underfit", table(), labels(0.0, 1.0, 2.0), facts=output_facts("softmax", SCCE, 3)),
        silent("underfit", table(), FREE, facts=output_facts("linear", MSE)),
        silent("underfit", table(), labels(0.0, 1.0, width=3), facts=output_facts("sigmoid", BCE)),
    ),
)
