"""`from_logits` contradicts the model's last activation."""

from __future__ import annotations

import math

from nanwatch.diagnosis import targets, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import (
    CURED,
    failed,
    one_hot,
    output_facts,
    predicted,
    silent,
    table,
)
from nanwatch.diagnosis.findings import MISFIT, Finding, misfit, range_clue, testify
from nanwatch.diagnosis.outputs import BINARY, CROSSENTROPIES, PROBABILITIES, Output
from nanwatch.events import Fix

SYMPTOMS = MISFIT | {"nan_loss", "oscillating", "loss_spike", "exploding_loss"}
PLATEAUS = (16.118, 16.03, 15.945, 15.942, 8.015, 7.97)
"""The loss of a probability that is clipped to 0, in single and half precision, and half of it."""


def weigh(case: Case) -> Testimony | None:
    """Scores taken for probabilities, or probabilities for scores."""
    return testify(case, RULES) if case.symptom in SYMPTOMS else None


def _scores_as_probabilities(case: Case, output: Output) -> Finding | None:
    if output.loss not in CROSSENTROPIES or output.from_logits or _is_foreign(output):
        return None
    if output.activation not in ("linear", ""):
        return None
    wanted = "sigmoid" if output.loss in BINARY else "softmax"
    seen = range_clue(output, 0.0, 1.0, 2.0)
    if output.activation == "" and not (seen and seen[0].weight > 0):
        return None
    clue = misfit(4.0 if output.activation else 1.5, output, f"{wanted}, or from_logits=True")
    summary = (
        f"The model gives raw scores, but {output.call} takes them for probabilities. Scores "
        "outside 0 to 1 are clipped, and where they are, no gradient is left."
    )
    code = f"- {output.call}\n+ keras.losses.{output.loss}(from_logits=True)"
    fix = Fix(f"Set from_logits=True, or end the model in {wanted}.", code)
    return Finding(clue, summary, fix, "flip_from_logits", (*seen, *_plateau(case)))


def _probabilities_as_scores(case: Case, output: Output) -> Finding | None:
    if output.loss not in CROSSENTROPIES or not output.from_logits or _is_foreign(output):
        return None
    seen = range_clue(output, 0.0, 1.0, -1.5)
    if output.activation not in PROBABILITIES and not (
        output.activation == "" and seen and seen[0].weight > 0
    ):
        return None
    clue = misfit(3.0 if output.activation else 0.5, output, "none (linear)")
    summary = (
        f"The model gives probabilities, but {output.call} takes them for raw scores and squashes "
        "them once more. No prediction can be sure, and the loss cannot fall to 0."
    )
    code = f"- {output.call}\n+ keras.losses.{output.loss}(from_logits=False)"
    fix = Fix("Set from_logits=False, or leave the last activation away.", code)
    more = (*seen, *_repair(case, output), *_floor(case, output))
    return Finding(clue, summary, fix, "flip_from_logits", more)


def _is_foreign(output: Output) -> bool:
    """Whether the target is of another task: then the loss is wrong rather than its argument."""
    kind = targets.kind_of(output.target)
    return kind in ("numbers", "signs") or (kind == "classes" and output.loss in BINARY)


def _plateau(case: Case) -> tuple[Clue, ...]:
    last = case.history.end
    if not any(abs(last - value) < 2e-3 * value for value in PLATEAUS):
        return ()
    return (Clue(1.0, "last loss", f"{last:.4g}, that of clipped probabilities", "falling", False),)


def _repair(case: Case, output: Output) -> tuple[Clue, ...]:
    """Keras with TensorFlow finds the scores before an activation that nothing stands behind."""
    backend = (case.facts.get("versions") or {}).get("backend", "tensorflow")
    half = "float16" in str(case.facts.get("policy", ""))  # the cast to float32 hides it
    if backend != "tensorflow" or output.behind or half or not output.activation:
        behind = ", ".join(output.behind) or "nothing"
        return (Clue(1.0, "between activation and loss", behind, "a loss that repairs it", False),)
    return (Clue(-6.0, "between activation and loss", "nothing: Keras repairs it", "nothing"),)


def _floor(case: Case, output: Output) -> tuple[Clue, ...]:
    """Scores within 0 to 1 leave a loss that cannot be undercut."""
    units = output.units or 0
    if units < 1 or (output.loss not in BINARY and units < 2) or not case.history.loss:
        return ()
    binary = output.loss in BINARY
    floor = math.log1p(math.exp(-1.0)) if binary else math.log(math.e + units - 1) - 1.0
    last = case.history.end
    if math.isnan(last) or "Focal" in output.loss:
        return ()
    below = last < 0.98 * floor
    expected = f"at least {words.number(floor)}, if scores lie in 0 to 1"
    return (Clue(-4.0 if below else 0.5, "last loss", words.number(last), expected, None),)


RULES = (_scores_as_probabilities, _probabilities_as_scores)
CCE = "CategoricalCrossentropy"
SCORES, CHANCES = predicted(-2.0, 2.0, 3), predicted(0.1, 0.8, 3, sums_to_one=True)

PAGE = CausePage(
    label="logits_mismatch",
    title="from_logits does not agree with the last activation",
    why=(
        "With from_logits=False a cross-entropy wants probabilities, with True raw scores. Scores "
        "that are taken for probabilities are clipped to 0 and 1, which leaves no gradient, or a "
        "row of them sums to 0 and is divided by it. Probabilities that are taken for scores go "
        "through a second softmax, so that no prediction can be sure."
    ),
    remedy=(
        "Choose one of the two: a softmax or sigmoid as the last activation and from_logits=False, "
        "or no activation and from_logits=True, which is the more stable."
    ),
    before='model = keras.Sequential([Dense(10)])\nmodel.compile("adam", '
    "keras.losses.SparseCategoricalCrossentropy())",
    after='model = keras.Sequential([Dense(10)])\nmodel.compile("adam", '
    "keras.losses.SparseCategoricalCrossentropy(from_logits=True))",
    weigh=weigh,
    fires=(
        silent("loss_stuck", table(), one_hot(), SCORES, facts=output_facts("linear", CCE, 3)),
        silent(
            "underfit",
            table(),
            one_hot(),
            CHANCES,
            losses=(1.1, 0.7),
            facts=output_facts("softmax", CCE, 3, from_logits=True, behind=("Rescaling",)),
            flip_from_logits=CURED,
        ),
        failed(
            table(),
            one_hot(),
            facts=output_facts("linear", CCE, 3),
            autopsy={"predictions": (SCORES,), "loss": math.nan},
        ),
    ),
    quiet=(
        silent("underfit", table(), one_hot(), CHANCES, facts=output_facts("softmax", CCE, 3)),
        silent(
            "underfit",
            table(),
            one_hot(),
            SCORES,
            facts=output_facts("linear", CCE, 3, from_logits=True),
        ),
        silent(
            "underfit",
            table(),
            one_hot(),
            CHANCES,
            facts=output_facts("softmax", CCE, 3, from_logits=True),
        ),
        failed(
            table(n_nan=1, rows=(3,)),
            one_hot(),
            facts=output_facts("linear", CCE, 3),
            autopsy={"predictions_finite": False},
        ),
    ),
)
