"""Which last activation belongs to which loss and target: one rule a mistake."""

from __future__ import annotations

import math

from nanwatch.diagnosis import targets, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import Clue
from nanwatch.diagnosis.clues import weight_above
from nanwatch.diagnosis.findings import Finding, misfit, range_clue
from nanwatch.diagnosis.looks import ArrayLook
from nanwatch.diagnosis.outputs import (
    BINARY,
    CROSSENTROPIES,
    ERRORS,
    HINGES,
    PROBABILITIES,
    RELATIVE,
    Output,
    width,
)
from nanwatch.events import Fix

NOT_PROBABLE = ("relu", "relu6", "tanh", "elu", "selu", "gelu", "silu", "swish", "leaky_relu")
"""Activations that leave 0 to 1, or stand still at its border."""


def softmax_of_one(_: Case, output: Output) -> Finding | None:
    """One unit alone is always the whole."""
    if output.activation != "softmax" or output.units != 1:
        return None
    stuck = range_clue(output, 1.0, 1.0, -1.0)
    summary = (
        "A softmax over a single unit is 1 for every input: its outputs are made to sum to 1. "
        "Nothing that the model learns can change its prediction."
    )
    fix = Fix("Use sigmoid for one unit.", '- Dense(1, "softmax")\n+ Dense(1, "sigmoid")')
    clue = misfit(6.0, output, "sigmoid, or one unit a class")
    return Finding(clue, summary, fix, _as_target(output), stuck)


def no_probability(_: Case, output: Output) -> Finding | None:
    """relu, tanh and the like where the loss takes a logarithm."""
    if output.loss not in CROSSENTROPIES or output.from_logits:
        return None
    if output.activation not in NOT_PROBABLE:
        return None
    wanted = "sigmoid" if output.loss in BINARY else "softmax"
    summary = (
        f"{output.call} takes the logarithm of the prediction, and {output.activation} gives "
        "values that are no probabilities: where they are 0 or below, the loss is clipped, and a "
        "row of zeros is divided by its sum."
    )
    code = f'- activation="{output.activation}"\n+ activation="{wanted}"'
    fix = Fix(f"End the model in {wanted}.", code)
    return Finding(misfit(5.0, output, wanted), summary, fix, _as_target(output))


def bounded_scores(_: Case, output: Output) -> Finding | None:
    """Raw scores must be free; behind relu or tanh they cannot say no, or not be sure."""
    if output.loss not in CROSSENTROPIES or not output.from_logits:
        return None
    if output.activation not in ("relu", "relu6", "tanh", "softplus", "softsign"):
        return None
    summary = (
        f"With from_logits=True the model must give free scores; {output.activation} keeps them "
        f"between {words.number(output.range[0])} and {words.number(output.range[1])}."
    )
    code = f'- activation="{output.activation}"\n+ activation=None'
    fix = Fix("Leave the last activation away.", code)
    return Finding(misfit(4.0, output, "none (linear)"), summary, fix, "linear_output")


def out_of_reach(_: Case, output: Output) -> Finding | None:
    """Targets where the activation never gets."""
    target = output.target
    if target is None or output.loss not in (*ERRORS, *RELATIVE, *HINGES):
        return None
    if targets.kind_of(target) == "classes" and (output.units or 1) > 1:
        return None  # one unit a class: then the loss is wrong
    low, high = output.range
    share = _beyond(target, low, high)
    if not share > 0.02:
        return None
    reach = f"{words.number(low)} to {words.number(high)}"
    seen = f"{words.number(target.low)} to {words.number(target.high)}"
    weight = weight_above(share, (0.9, 7.0), (0.2, 5.0), otherwise=3.0)
    summary = (
        f"The targets lie between {seen.replace(' to ', ' and ')}, but {output.words} gives "
        f"nothing outside {reach}. The predictions stay pinned at the border."
    )
    code = f'- activation="{output.activation}"\n+ activation=None'
    wanted = "in tanh, or without" if output.loss in HINGES else "without"
    fix = Fix(f"End the model {wanted} an activation, or bring the targets to {reach}.", code)
    clue = Clue(weight, "target, beside the last activation's range", seen, reach, False)
    more = () if output.loss not in HINGES else (Clue(-1.0, "loss", output.call, "any", None),)
    return Finding(clue, summary, fix, "linear_output", more)


def one_of_several(_: Case, output: Output) -> Finding | None:
    """A softmax shares one certainty among labels that may hold at once, or free numbers."""
    target = output.target
    if output.activation != "softmax" or target is None or width(target) < 2:
        return None
    kind = targets.kind_of(target)
    several = kind == "multi_label" and output.loss in (*BINARY, *ERRORS)
    free = kind in ("unit", "numbers") and output.loss in (*ERRORS, *BINARY, *RELATIVE)
    if not (several or free):
        return None
    wanted = "sigmoid" if kind in ("multi_label", "unit") else "none (linear)"
    summary = (
        "The outputs of a softmax sum to 1, but the targets do not: several may be high at once, "
        "or all of them low."
    )
    code = f'- activation="softmax"\n+ activation="{wanted.split()[0]}"'
    clue = misfit(4.0, output, f"{wanted}, for {targets.words(target)}")
    return Finding(clue, summary, Fix(f"End the model in {wanted}.", code), _as_target(output))


def squashed_twice(_: Case, output: Output) -> Finding | None:
    """One squashing activation above another leaves little room."""
    if output.activation not in PROBABILITIES or output.fed_by not in (*PROBABILITIES, "tanh"):
        return None
    summary = (
        f"{output.activation} is given the outputs of {output.fed_by}, which lie between "
        "-1 and 1: no prediction can be sure."
    )
    code = f'- Dense(units, "{output.fed_by}")\n+ Dense(units)'
    fix = Fix(f"Leave {output.fed_by} away below {output.activation}.", code)
    clue = Clue(3.0, f"activation below {output.activation}", output.fed_by, "none (linear)", False)
    remedy = "linear_output" if output.fed_by in PROBABILITIES else ""  # one of the two is enough
    return Finding(clue, summary, fix, remedy)


def no_distribution(_: Case, output: Output) -> Finding | None:
    """A divergence that falls below 0: each unit grows by itself, where all should share 1."""
    if output.loss != "KLDivergence" or output.activation not in ("sigmoid", "hard_sigmoid"):
        return None
    if (output.units or 2) < 2 or targets.kind_of(output.target) not in ("distribution", "one_hot"):
        return None
    summary = (
        f"{output.call} compares distributions. The targets' rows sum to 1, but each "
        f"{output.activation} goes to 1 by itself: the loss falls below 0 and says nothing of how "
        "near the two are."
    )
    code = f'- activation="{output.activation}"\n+ activation="softmax"'
    clue = misfit(5.0, output, "softmax")
    return Finding(clue, summary, Fix("End the model in softmax.", code), "softmax_output")


def scores_for_chances(_: Case, output: Output) -> Finding | None:
    """No activation at all where probabilities are wanted: the second word for it."""
    if output.loss not in CROSSENTROPIES or output.from_logits or output.activation != "linear":
        return None
    wanted = "sigmoid" if output.loss in BINARY else "softmax"
    summary = f"The model gives free numbers, and {output.call} takes them for probabilities."
    fix = Fix(f"End the model in {wanted}.", f'- Dense(units)\n+ Dense(units, "{wanted}")')
    return Finding(misfit(1.5, output, wanted), summary, fix, _as_target(output))


def _as_target(output: Output) -> str:
    """The replay with the activation that the target and the loss want.

    None for a softmax under a cross-entropy: in a training Keras looks behind it, so that the loss
    is that of a right activation, and only the predictions are wrong.
    """
    if output.activation == "softmax" and output.loss in CROSSENTROPIES:
        return ""
    if output.loss in BINARY or targets.kind_of(output.target) in ("binary", "multi_label"):
        return "sigmoid_output"
    if output.loss in CROSSENTROPIES:
        return "softmax_output" if (output.units or 2) > 1 else ""
    return "linear_output"


def _beyond(target: ArrayLook, low: float, high: float) -> float:
    """How far the target reaches beyond a range, as a share of its own."""
    spread = target.high - target.low
    outside = max(0.0, low - target.low) + max(0.0, target.high - high)
    if outside == 0 or math.isnan(outside):
        return 0.0
    return min(1.0, outside / spread) if spread > 0 else 1.0


RULES = (
    softmax_of_one,
    no_probability,
    bounded_scores,
    out_of_reach,
    one_of_several,
    squashed_twice,
    no_distribution,
    scores_for_chances,
)
