"""Where the built-in losses may be evaluated, and what they do outside: one rule a loss."""

from __future__ import annotations

import math

from nanwatch.diagnosis import targets, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.findings import Finding, misfit
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import CATEGORICAL, PROBABILITIES, Output, width
from nanwatch.events import Fix

POSITIVE = ("relu", "softplus", "exponential", *PROBABILITIES)
"""Activations that give no negative number."""
OVERLAPS = ("Dice", "Tversky")
SENTINEL = 708.3964
"""What CTC gives for labels that do not fit: -ln of the smallest normal double."""
EDGE = Fix(
    "Leave out rows without anything in them, or train without XLA.",
    'model.compile("sgd", keras.losses.CosineSimilarity(), jit_compile=False)',
)
HAS_DOMAIN = (
    *("Poisson", "KLDivergence", "CosineSimilarity", "CategoricalGeneralizedCrossEntropy"),
    *("BinaryFocalCrossentropy", "MeanSquaredLogarithmicError", "MeanAbsolutePercentageError"),
    *(*CATEGORICAL, *OVERLAPS, "CTC"),
)
"""Losses that are not finite for some numbers that are."""
SOFTPLUS = Fix(
    "End the model in softplus, so that every prediction is above 0.",
    '- Dense(1)\n+ Dense(1, activation="softplus")',
)


def counts(_: Case, output: Output) -> Finding | None:
    """Poisson takes the logarithm of the prediction, and counts are no less than 0."""
    if output.loss != "Poisson":
        return None
    if (target := output.target) is not None and target.low < 0:
        summary = f"Poisson is a loss of counts, but targets go down to {words.number(target.low)}."
        fix = Fix("Use mean_squared_error for numbers of either sign.", 'loss="mse"')
        return Finding(_low("lowest target", target, 6.0), summary, fix, "as_regression")
    summary = "Poisson takes the logarithm of the prediction, which is NaN below 0."
    if (seen := output.prediction) is not None and seen.low <= -1e-7:
        return Finding(_low("lowest prediction", seen, 5.5), summary, SOFTPLUS, "softplus_output")
    if output.activation in POSITIVE or (seen is not None and seen.low > 0):
        return None
    clue = misfit(3.0, output, "softplus or exponential")
    return Finding(clue, summary, SOFTPLUS, "softplus_output")


def logarithms(_: Case, output: Output) -> Finding | None:
    """The squared logarithmic error is blind below 0, and has no gradient there."""
    if output.loss != "MeanSquaredLogarithmicError":
        return None
    target, seen = output.target, output.prediction
    if target is not None and target.low < 0:
        summary = "The squared logarithmic error takes every target below 0 for 0."
        fix = Fix("Use mean_squared_error for numbers of either sign.", 'loss="mse"')
        return Finding(_low("lowest target", target, 4.5), summary, fix)  # no level to compare
    if seen is None or not seen.low < 0:
        return None
    dead = seen.high <= 0
    weight = 5.5 if dead else 3.0 if seen.mean < 0 else 1.0
    summary = "Below 0 the squared logarithmic error has no gradient: such rows never learn."
    clue = Clue(weight, "predictions", _span(seen), "above 0", False)
    return Finding(clue, summary, SOFTPLUS, "softplus_output")


def percentages(case: Case, output: Output) -> Finding | None:
    """A percentage of a target of 0 is divided by 1e-7."""
    target = output.target
    if output.loss != "MeanAbsolutePercentageError" or target is None:
        return None
    has_zero = target.low == 0 or 0.0 in target.distinct
    if not has_zero and not target.low < 0 < target.high:
        return None
    weight = 5.0 if has_zero else 3.0 if case.history.end > 1e3 else 1.0
    summary = (
        "The percentage error is divided by the target. Targets at 0 are taken for 1e-7, so that "
        "they outweigh all others by a factor of millions."
    )
    seen = "0 among them" if has_zero else f"{_span(target)}, across 0"
    fix = Fix("Use the absolute error, or leave targets of 0 out.", 'loss="mae"')
    clue = Clue(weight, "targets, under a percentage error", seen, "well away from 0", False)
    return Finding(clue, summary, fix, "absolute_error")


def distributions(_: Case, output: Output) -> Finding | None:
    """KL divergence compares distributions: rows of chances that sum to 1."""
    if output.loss != "KLDivergence" or output.units == 1:
        return None
    seen, kind = output.prediction, targets.kind_of(output.target)
    summary = (
        "KL divergence compares distributions and clips all else to 0 and 1: there it stands on a "
        "plateau of 16.1 without a gradient, or falls below 0."
    )
    fix = Fix("End the model in softmax, and normalise the targets' rows.", 'Dense(n, "softmax")')
    if seen is not None and (seen.low < 0 or seen.high > 1 + 1e-5):
        clue = Clue(5.0, "predictions, under KL divergence", _span(seen), "0 to 1", False)
        return Finding(clue, summary, fix, "softmax_output")
    if output.activation and output.activation not in PROBABILITIES:
        return Finding(misfit(4.0, output, "softmax"), summary, fix, "softmax_output")
    if kind in ("", "one_hot", "distribution"):
        return None
    clue = Clue(4.0, "target, under KL divergence", _words(output), "rows that sum to 1", False)
    return Finding(clue, summary, fix)


def overlaps(_: Case, output: Output) -> Finding | None:
    """Dice and Tversky divide sums of chances."""
    if output.loss not in OVERLAPS:
        return None
    seen, target = output.prediction, output.target
    summary = (
        f"{output.loss} divides sums of probabilities. Negative ones let the divisor vanish, and "
        "the loss leaves 0 to 1."
    )
    fix = Fix("End the model in sigmoid or softmax.", 'Conv2D(1, 1, activation="sigmoid")')
    if seen is not None and (seen.low < 0 or seen.high > 1 + 1e-5):
        clue = Clue(5.5, f"predictions, under {output.loss}", _span(seen), "0 to 1", False)
        return Finding(clue, summary, fix, "sigmoid_output")
    if output.activation and output.activation not in PROBABILITIES:
        return Finding(misfit(4.0, output, "sigmoid"), summary, fix, "sigmoid_output")
    if target is not None and (target.low < 0 or target.high > 1):
        clue = Clue(3.0, f"target, under {output.loss}", _span(target), "0 to 1", False)
        return Finding(clue, summary, Fix("Bring the masks to 0 and 1.", "y = y / y.max()"))
    return None


def flat_focus(case: Case, output: Output) -> Finding | None:
    """A focal exponent below 1 has no finite slope where the prediction is right."""
    gamma = output.settings.get("gamma")
    if "Focal" not in output.loss or not isinstance(gamma, int | float) or not 0 < gamma < 1:
        return None
    if not _may_be_nan(case):
        return None
    summary = (
        f"With gamma={gamma:g} the focal loss takes a power below 1 of the error: its slope is "
        "infinite where a prediction is exactly right."
    )
    fix = Fix("Use gamma=0, or 1 and above; 2 is usual.", f"- gamma={gamma:g}\n+ gamma=2.0")
    clue = Clue(5.0, "gamma of the focal loss", f"{gamma:g}", "0, or 1 and above", False)
    return Finding(clue, summary, fix, "usual_gamma")


def generalised(case: Case, output: Output) -> Finding | None:
    """The generalised cross-entropy takes a power of the true class' probability."""
    if output.loss != "CategoricalGeneralizedCrossEntropy" or not _may_be_nan(case):
        return None
    target, seen, units = output.target, output.prediction, output.units
    if target is not None and units and (target.low < 0 or target.high >= units):
        return None  # then the labels are to blame
    summary = (
        "The generalised cross-entropy takes a power below 1 of the true class' probability: NaN "
        "below 0, and at 0 its slope is infinite."
    )
    fix = Fix("End the model in softmax, in float32.", 'Dense(n, "softmax", dtype="float32")')
    if output.activation not in PROBABILITIES:
        return Finding(misfit(5.0, output, "softmax"), summary, fix, "softmax_output")
    weight = 4.0 if seen is not None and seen.low <= 0 else 1.5
    lowest = words.number(seen.low) if seen is not None else "not known"
    return Finding(Clue(weight, "lowest probability", lowest, "above 0", None), summary, fix)


def sequences(case: Case, output: Output) -> Finding | None:
    """CTC needs at least as many time steps as the label has characters."""
    if output.loss != "CTC":
        return None
    target, seen = output.target, output.prediction
    last = case.history.end
    steps = seen.shape[1] if seen is not None and len(seen.shape) > 2 else 0
    longer = target is not None and 0 < steps < width(target)
    sentinel = last > 0 and abs(last / SENTINEL - 1) < 0.01
    if not (longer or sentinel):
        return None
    summary = (
        "A label needs a time step for each of its characters, and one more between equal ones. "
        "Where it has fewer, CTC gives 708.4, a stand-in for infinity."
    )
    label = width(target) if target is not None else "?"
    check = f"{steps} steps for labels of {label}, last loss {words.number(last)}"
    fix = Fix("Stride less over time, or drop the labels that are too long.", "")
    clue = Clue(6.0, "time steps", check, "more steps than characters", False)
    return Finding(clue, summary, fix)


def pairs(_: Case, output: Output) -> Finding | None:
    """The circle loss compares rows of one class with those of others."""
    target = output.target
    if output.loss != "Circle" or target is None or not target.distinct:
        return None
    alone, same = len(target.distinct) == target.shape[0], len(target.distinct) == 1
    if not (alone or same):
        return None
    summary = (
        "The circle loss needs rows of the same class and of others in each batch; else it is 0."
    )
    seen = "every row another class" if alone else "one class only"
    clue = Clue(5.0, "classes of the batch", seen, "several rows of several classes", False)
    fix = Fix("Draw batches of several rows from several classes.", "")
    return Finding(clue, summary, fix)


def masked_scores(case: Case, output: Output) -> Finding | None:
    """Categorical cross-entropy multiplies 0 by a score of minus infinity."""
    seen = output.prediction
    if output.loss not in CATEGORICAL or seen is None or case.symptom != "nan_loss":
        return None
    if seen.n_nan or not seen.n_inf or not output.from_logits:
        return None
    summary = "A class that is masked by minus infinity gives 0 × infinity, which is NaN."
    fix = Fix("Mask with a large finite number.", "- -np.inf\n+ -1e9")
    clue = Clue(6.5, "infinite scores", str(seen.n_inf), "none", False)
    return Finding(clue, summary, fix)


def not_finite(case: Case, output: Output) -> Finding | None:
    """Whatever the reason: the loss of finite numbers was not finite."""
    target, seen = output.target, output.prediction
    if case.symptom != "nan_loss" or output.loss not in HAS_DOMAIN or case.autopsy is None:
        return None
    terms = [term for term in case.autopsy.terms if term.output in ("", output.name)]
    lost = [term for term in terms if not term.custom and not math.isfinite(term.value)]
    if not lost or not (target and seen and target.finite and seen.finite):
        return None
    weights = case.arrays("sample_weight")
    if not all(look.finite for look in weights):
        return None
    summary = f"{output.call} is not finite for predictions and targets that are."
    clue = Clue(2.5, f"{output.loss} of the batch", words.number(lost[0].value), "finite", False)
    text = f"See where it breaks: nanwatch explain {output.loss}"
    return Finding(clue, summary, Fix(text), "", (_spans(output),))


def compiled_edge(case: Case, output: Output) -> Finding | None:
    """Rows at the edge of a loss: its value is finite there, its slope only as Keras runs it.

    A step that XLA compiles puts together what Keras had kept apart; no replay can show that.
    """
    step = case.autopsy
    if case.symptom != "nan_loss" or step is None or step.repeated or output.custom:
        return None
    edges = [risk for risk in step.risks if risk.stage == "loss" and risk.infinite and risk.rows]
    if not edges or not case.facts.get("jit_compile") or output.loss not in HAS_DOMAIN:
        return None
    place = words.places("row", edges[0].rows)
    summary = (
        f"{output.call} has no slope at {place} of the batch. Keras leaves such rows out, but XLA, "
        "which compiles this step, works out their slope as well."
    )
    clue = Clue(
        4.0, f"slope of {edges[0].kind} in the loss", f"not finite, {place}", "finite", False
    )
    return Finding(clue, summary, EDGE, where={"rows": list(edges[0].rows)})


def _may_be_nan(case: Case) -> bool:
    """Whether the loss was NaN, or nothing has happened yet."""
    return case.symptom == "nan_loss" or case.autopsy is None


def _spans(output: Output) -> Clue:
    seen = [_span(look) for look in (output.target, output.prediction) if look is not None]
    return Clue(0.0, "targets, and predictions", "; ".join(seen), "finite", True)


def _low(check: str, look: ArrayLook, weight: float) -> Clue:
    return Clue(weight, check, words.number(look.low), "0 or more", False)


def _span(look: ArrayLook) -> str:
    return f"{words.number(look.low)} to {words.number(look.high)}"


def _words(output: Output) -> str:
    return targets.words(output.target) if output.target else "not known"


RULES = (
    counts,
    logarithms,
    percentages,
    distributions,
    overlaps,
    flat_focus,
    generalised,
    sequences,
    pairs,
    masked_scores,
    not_finite,
    compiled_edge,
)
