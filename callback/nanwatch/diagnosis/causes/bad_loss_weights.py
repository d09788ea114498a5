"""Weights of outputs or rows that are not finite, negative, huge or all 0."""

from __future__ import annotations

from collections.abc import Mapping

from nanwatch.diagnosis import clues
from nanwatch.diagnosis.bad_cells import where
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import failed, labels, output_facts, silent, table
from nanwatch.diagnosis.silent import is_silent
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.diagnosis.weighting import (
    SYMPTOMS,
    BadWeight,
    all_loss_weights,
    bad_rows,
    bad_weight,
    class_weights,
    loss_weights,
    pulls_both_ways,
    rewards,
)
from nanwatch.events import Fix

FIX_OUTPUTS = Fix(
    "Give every output a finite, positive weight such that the weighted losses are about as large.",
    "model.compile(optimizer, losses, loss_weights=[1.0] * len(losses))",
)
FIX_ROWS = Fix(
    "Keep the weights of rows between 0 and a small number.",
    "sample_weight = np.clip(sample_weight, 0, 10)",
)


def weigh(case: Case) -> Testimony | None:
    """A weight of an output, or else of a row, that cannot be meant."""
    own, every = loss_weights(case), all_loss_weights(case)
    bad = bad_weight(own, "output") or bad_weight(every, "output")
    if bad is not None:
        place = {"output": bad.owner.removeprefix("output ")}
        return _testimony(case, bad, FIX_OUTPUTS, place, "even_weights")
    if class_weights(case):  # they are merged into those of the rows
        return None
    for look in case.arrays("sample_weight"):
        bad = bad_rows(look)
        if bad is not None:
            rows = {**where(look), "rows": list(look.outliers)} if look.outliers else {}
            return _testimony(case, bad, FIX_ROWS, rows, "no_weights")
    return None


def _testimony(
    case: Case, bad: BadWeight, fix: Fix, place: Mapping[str, object], remedy: str
) -> Testimony:
    consequence = {
        "not finite": "the sum of the losses is not finite either",
        "negative": "the worse the prediction, the lower is the loss",
        "nothing": "what it is for does not count, and is not learnt",
        "huge": "nothing else counts, and every step is far too large",
    }[bad.fault]
    summary = f"The weight of {bad.owner} is {bad.value:g}: {consequence}."
    found = [bad.clue, clues.data_finite(case), clues.weights_were_finite(case)]
    more = [*_purpose(case, bad), *_wanted(case, bad)]
    return Testimony(summary, [*found, *more], fix, place, remedy)


def _wanted(case: Case, bad: BadWeight) -> list[Clue]:
    """Who measures an output wants it to learn; else it may be switched off on purpose, and that
    it would learn if it counted, as a replay shows, proves nothing.
    """
    if bad.fault != "nothing" or not bad.owner.startswith("output "):
        return []
    output = bad.owner.removeprefix("output ")
    logs = (name.removeprefix("val_") for name in case.history.epochs)
    own = [name for name in logs if name.startswith(f"{output}_") and name != f"{output}_loss"]
    seen = ", ".join(dict.fromkeys(own)) or "none"
    return [Clue(0.0 if own else -6.0, "metrics of that output", seen, "none", not own)]


def _purpose(case: Case, bad: BadWeight) -> list[Clue]:
    """A reward is to rise: a likelihood times an advantage, or a loss such as an entropy."""
    reward = bad.owner.removeprefix("output ") in rewards(case)
    if bad.fault != "negative" or not (reward or pulls_both_ways(case)):
        return []
    seen = "a loss of one's own" if reward else "about as much below 0 as above"
    weight = -4.0 if is_silent(case) else -2.0
    return [Clue(weight, "what is weighted below 0", seen, "an error", True)]


def _weighted(weight: object, custom: bool = False) -> dict[str, object]:
    facts = output_facts("linear", "MeanSquaredError", custom=custom)
    return {"outputs": [{**facts["outputs"][0], "name": "price", "loss_weight": weight}]}


PAGE = CausePage(
    label="bad_loss_weights",
    title="Weights of outputs or rows that cannot be meant",
    why=(
        "The losses of the outputs are multiplied by loss_weights and those of the rows by "
        "sample_weight, without a check. A weight computed as 1 / loss or 1 / distance can be "
        "infinite or huge; a sign error makes the optimizer seek the worst prediction."
    ),
    remedy="Limit computed weights from both sides, and look at their range before the fit.",
    before="weight = 1 / distance\nmodel.fit(x, y, sample_weight=weight)",
    after="weight = 1 / np.maximum(distance, 0.1)\nmodel.fit(x, y, sample_weight=weight)",
    weigh=weigh,
    fires=(
        failed(facts=_weighted("inf")),
        silent("negative_loss", table(), table("target"), facts=_weighted(-1.0)),
        silent(
            "negative_loss", table(), table("target"), table("sample_weight", low=-2.0, high=1.0)
        ),
        idle(facts=_weighted(0.0), history={"epochs": {"price_mae": (1.0, 1.0)}}),
    ),
    quiet=(
        idle(facts=_weighted(0.0), history={"epochs": {"price_loss": (1.0, 1.0)}}),
        failed(facts=_weighted(0.1)),
        silent("negative_loss", table(), table("target"), facts=_weighted(-0.1, custom=True)),
        silent(
            "negative_loss",
            table(),
            labels(0.0, 1.0, 2.0),
            table("sample_weight", low=-2.0, high=2.0, mean=0.0, std=1.0),
            facts=output_facts("softmax", "SparseCategoricalCrossentropy", 3),
        ),
        failed(table(), table("target"), table("sample_weight", low=0.0, high=3.0, mean=1.0)),
        failed(table(), table("target"), table("sample_weight", n_nan=1, low=0.0, high=1.0)),
    ),
    symptoms=SYMPTOMS,
)
