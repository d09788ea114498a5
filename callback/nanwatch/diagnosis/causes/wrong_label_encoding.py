"""Labels that are valid numbers, but not in the coding that the loss wants."""

from __future__ import annotations

import math

from nanwatch.diagnosis import targets, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, labels, output_facts, predicted, silent, table
from nanwatch.diagnosis.findings import MISFIT, Finding, testify
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import BINARY, CATEGORICAL, HINGES, SPARSE, Output, width
from nanwatch.events import Fix, Symptom

MORE: frozenset[Symptom] = frozenset({"negative_loss", "oscillating", "exploding_loss", "nan_loss"})
SYMPTOMS = MISFIT | MORE
EIGHT_BITS = 255.0
"""The greatest grey value of a usual picture."""
UNDECIDED = 0.5
"""A lower probability means no."""


def weigh(case: Case) -> Testimony | None:
    """Two classes that are not 0 and 1, numbers above 1 as probabilities, divided class numbers."""
    return testify(case, RULES)


def _two_numbers(case: Case, output: Output) -> Finding | None:
    """Yes and no in another coding: -1 and 1, 1 and 2, 0 and 255."""
    look = _whole(case, output)
    if look is None or output.loss not in (*BINARY, *CATEGORICAL, *HINGES):
        return None
    pair = look.distinct
    usual = {(0.0, 1.0)} | ({(-1.0, 1.0)} if output.loss in HINGES else set())
    if len(pair) != 2 or pair in usual or (pair[0] >= 0 and pair[1] <= 1):
        return None
    low, high = pair
    fix = Fix(
        f"Code the labels as 0 and 1 instead of {low:g} and {high:g}.",
        f"y = (y == {high:g}).astype('float32')",
    )
    return Finding(_clue(5.5, output, look, "0 and 1"), _summary(output, look), fix, "unit_labels")


def _shrunk(case: Case, output: Output) -> Finding | None:
    """Yes and no divided by something, as a mask that was scaled with its picture."""
    look = _whole(case, output)
    if look is None or output.loss not in (*BINARY, *CATEGORICAL):
        return None
    if len(look.distinct) != 2 or look.low != 0 or not look.high < UNDECIDED:
        return None
    summary = (
        f"The labels are 0 and {look.high:g}, but {output.call} takes them for probabilities: both "
        "of them mean no, and the best that can be learnt is to say no to everything."
    )
    fix = Fix("Don't scale the labels: code them as 0 and 1.", "y = (y > 0).astype('float32')")
    return Finding(_clue(5.5, output, look, "0 and 1"), summary, fix, "unit_labels")


def _pictures(case: Case, output: Output) -> Finding | None:
    """Grey values of 0 to 255 where probabilities are wanted."""
    look = _whole(case, output)
    if look is None or output.loss not in BINARY or len(look.distinct) == 2:
        return None
    is_picture = len(look.shape) > 2 or width(look) > 16
    if not is_picture or not 1 < look.high <= EIGHT_BITS or look.low < 0:
        return None
    fix = Fix("Divide the target by 255.", "y = y.astype('float32') / 255")
    clue = _clue(5.5, output, look, "between 0 and 1")
    return Finding(clue, _summary(output, look), fix, "unit_labels")


def _divided_classes(case: Case, output: Output) -> Finding | None:
    """Class numbers that were scaled with the data: the loss cuts 0.7 down to class 0."""
    look = _whole(case, output)
    if look is None or output.loss not in SPARSE or look.integral or width(look) > 1:
        return None
    steps = [b - a for a, b in zip(look.distinct, look.distinct[1:], strict=False)]
    if not steps or any(abs(s / min(steps) - round(s / min(steps))) > 0.05 for s in steps):
        return None
    summary = (
        f"The labels are {words.number(look.low)} to {words.number(look.high)} in steps of "
        f"{words.number(min(steps))}: class numbers that were scaled. The loss cuts off what "
        "follows the point, so that most rows belong to class 0."
    )
    code = f"y = np.rint((y - y.min()) / {min(steps):.6g}).astype('int32')"
    fix = Fix("Give the loss the class numbers themselves: don't scale labels.", code)
    return Finding(_clue(5.5, output, look, "whole numbers"), summary, fix)


def _whole(case: Case, output: Output) -> ArrayLook | None:
    """The target of the whole data set where it was looked at, else that of the batch."""
    looks = [look for look in case.data if look.role == "target"]
    named = [look for look in looks if look.name == output.name or len(looks) == 1]
    look = named[0] if named else output.target
    return None if look is None or math.isnan(look.low) or not look.finite else look


def _clue(weight: float, output: Output, look: ArrayLook, expected: str) -> Clue:
    pair = [f"{value:g}" for value in look.distinct]
    seen = " and ".join(pair) if len(pair) == 2 else targets.words(look)
    return Clue(weight, f"labels, under {output.call}", seen, expected, False)


def _summary(output: Output, look: ArrayLook) -> str:
    return (
        f"The labels lie between {look.low:g} and {look.high:g}, but {output.call} takes them for "
        "probabilities. Outside of 0 to 1 the loss has no lower bound or no sensible minimum: it "
        "may fall for ever while the predictions get no better."
    )


RULES = (_two_numbers, _shrunk, _pictures, _divided_classes)
BCE, SCCE = BINARY[0], SPARSE[0]
SIGNS = labels(-1.0, 1.0)

PAGE = CausePage(
    label="wrong_label_encoding",
    title="Labels in another coding than the loss wants",
    why=(
        "Binary cross-entropy reads a label as a probability. -1 or 2 is none: the term "
        "(1 - y) * log(1 - p) changes its sign, and the loss falls below zero without bound. The "
        "sparse cross-entropy cuts labels down to whole numbers."
    ),
    remedy="Code two classes as 0 and 1, several as 0, 1, 2 ...; look at np.unique(y).",
    before='y = np.where(sick, 1, -1)\nmodel.compile("adam", "binary_crossentropy")',
    after='y = np.where(sick, 1, 0)\nmodel.compile("adam", "binary_crossentropy")',
    weigh=weigh,
    fires=(
        silent(
            "underfit",
            table(),
            labels(0.0, 1 / 255, integral=False),
            facts=output_facts("sigmoid", BCE),
        ),
        silent(
            "negative_loss",
            table(),
            SIGNS,
            predicted(0.0, 0.1),
            losses=(0.5, -3.0, -9.0),
            facts=output_facts("sigmoid", BCE),
        ),
        silent(
            "negative_loss",
            table(),
            labels(1.0, 2.0),
            losses=(0.5, -1.0, -2.0),
            facts=output_facts("sigmoid", BCE),
            unit_labels=CURED,
        ),
        silent(
            "zero_loss",
            table(),
            labels(0.0, 0.25, 0.5, 0.75, integral=False),
            facts=output_facts("softmax", SCCE, 4),
        ),
        silent(
            "underfit",
            table(),
            table("target", shape=(32, 28, 28), low=0.0, high=255.0, integral=True),
            facts=output_facts("sigmoid", BCE, 28),
        ),
    ),
    quiet=(
        silent("underfit", table(), labels(0.0, 1.0), facts=output_facts("sigmoid", BCE)),
        silent("underfit", table(), SIGNS, facts=output_facts("tanh", "Hinge")),
        silent("underfit", table(), SIGNS, facts=output_facts("linear", "MeanSquaredError")),
        silent(
            "underfit",
            table(),
            labels(0.1, 0.9, integral=False),
            facts=output_facts("sigmoid", BCE),
        ),
    ),
    symptoms=SYMPTOMS,
)
