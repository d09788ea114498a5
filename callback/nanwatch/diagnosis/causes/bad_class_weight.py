"""A class weight that is not finite, negative or huge, or weights that are all 0."""

from __future__ import annotations

from nanwatch.diagnosis import clues
from nanwatch.diagnosis.bad_cells import where
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import FAILED, failed, labels, silent, table
from nanwatch.diagnosis.weighting import SYMPTOMS, BadWeight, bad_weight, class_weights
from nanwatch.events import Fix

FIX = Fix(
    "Weigh classes by how rare they are, but not more than that: total / (classes * count), with a "
    "limit, and 1 for a class without samples.",
    "counts = np.bincount(y, minlength=n_classes)\n"
    "weight = len(y) / (n_classes * np.maximum(counts, 1))\n"
    "model.fit(x, y, class_weight=dict(enumerate(np.minimum(weight, 100))))",
)


def weigh(case: Case) -> Testimony | None:
    """The weights that were given to fit, and what they made of the rows' weights."""
    bad = bad_weight(class_weights(case), "class")
    if bad is None:
        return None
    found = [bad.clue, clues.weights_were_finite(case)]
    if case.symptom == "nan_loss":
        found.append(_in_batch(case, bad))
    summary = (
        f"The weight of {bad.owner} is {bad.value:g}. Keras multiplies the loss of every row of "
        f"that class by it: {_consequence(bad)}."
    )
    spoilt = [look for look in case.arrays("sample_weight") if look.rows]
    return Testimony(summary, found, FIX, where(spoilt[0]) if spoilt else {}, "no_weights")


def _in_batch(case: Case, bad: BadWeight) -> Clue:
    """A class that the batch does not hold cannot have spoilt it."""
    looks = case.arrays("sample_weight")
    check, expected = "weights of the batch's rows", "finite"
    if not looks or bad.fault != "not finite":
        return Clue(0.0 if looks else -2.0, check, "none" if not looks else "finite", expected)
    finite = all(look.finite for look in looks)
    weight, seen = (-6.0, "finite") if finite else (1.0, "not finite")
    return Clue(weight, check, seen, expected, finite)


def _consequence(bad: BadWeight) -> str:
    return {
        "not finite": "one such row makes the batch's loss and every gradient non-finite",
        "negative": "the worse these rows are predicted, the lower is the loss",
        "nothing": "no row counts, and nothing is learnt",
        "huge": "the rows of the other classes no longer count, and the steps are far too large",
    }[bad.fault]


PAGE = CausePage(
    label="bad_class_weight",
    title="A class weight that cannot be meant",
    why=(
        "1 / count is infinite for a class without samples and 0 / 0 is NaN. Keras merges class "
        "weights into the weights of the rows without looking at them. A negative weight rewards "
        "mistakes, and a huge one makes the optimizer see one class only."
    ),
    remedy="Compute the weights from counts of at least one, and look at them before the fit.",
    before="model.fit(x, y, class_weight=dict(enumerate(1 / counts)))",
    after="model.fit(x, y, class_weight=dict(enumerate(1 / np.maximum(counts, 1))))",
    weigh=weigh,
    fires=(
        failed(
            table(),
            labels(0.0, 1.0),
            table("sample_weight", n_inf=1, rows=(2,)),
            facts={"class_weight": {"0": 1.0, "1": "inf"}},
        ),
        silent(
            "negative_loss",
            table(),
            labels(0.0, 1.0),
            facts={"class_weight": {"0": 1.0, "1": -1.0}},
        ),
        silent(
            "zero_loss",
            table(),
            labels(0.0, 1.0),
            losses=(0.0, 0.0, 0.0),
            facts={"class_weight": {"0": 0.0, "1": 0.0}},
        ),
    ),
    quiet=(
        silent(
            "zero_loss", table(), labels(0.0, 1.0), facts={"class_weight": {"0": 0.0, "1": 1.0}}
        ),
        failed(table(), labels(0.0, 1.0), facts={"class_weight": {"0": 1.0, "1": 50.0}}),
        failed(
            table(),
            labels(0.0, 1.0),
            table("sample_weight"),
            facts={"class_weight": {"0": 1.0, "7": "nan"}},
            no_weights=FAILED,
        ),
        failed(table(), table("target"), table("sample_weight", n_nan=1, rows=(2,))),
    ),
    symptoms=SYMPTOMS,
)
