"""A penalty on the weights, L1 or L2, that outweighs the data or diverges by itself."""

from __future__ import annotations

from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed
from nanwatch.diagnosis.penalty import (
    NEARLY_ALL,
    Penalty,
    is_to_blame,
    overshoot_clues,
    penalties,
    penalty_share,
    pull,
)
from nanwatch.diagnosis.silent import DIVERGING, NOT_LEARNING, best, does_not_learn
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix


def weigh(case: Case) -> Testimony | None:
    """A penalty that outweighs the data's loss, or a rate at which its step overshoots."""
    held = penalties(case)
    if not held:
        return None
    stays = does_not_learn(case)
    found = [
        *overshoot_clues(case, held[0]),
        *(_holds_down(case, held[0]) if stays else [_share(case), clues.grew(case)]),
        clues.data_finite(case),
    ]
    where = {"layer": held[0].layer} if held[0].layer else {}
    names = ("weaker_penalty", "weaker_penalty_lower_rate")
    remedy = best(case, names) if stays else case.better(*names)
    also = ("weaker_penalty_lower_rate",) if is_to_blame(case) else ()
    return Testimony(
        _summary(case, held[0]), found, _fix(case, held[0], remedy), where, remedy, also
    )


def _summary(case: Case, penalty: Penalty) -> str:
    factor = f" (L2 factor {words.number(penalty.strength)})" if penalty.strength else ""
    step = " Each step multiplies a weight by 1 - 2·rate·l2." if pull(case, penalty) else ""
    return f"The {penalty.name}{factor} changes the weights more than the data do.{step}"


def _share(case: Case) -> Clue:
    share = penalty_share(case)
    weight = 2.0 if share > NEARLY_ALL else -1.0 if share < 0.1 else 0.0
    return Clue(weight, "penalty's share of the loss", f"{share:.0%}", "below one half")


def _holds_down(case: Case, penalty: Penalty) -> list[Clue]:
    return [_outweighs(case), *_strength(penalty), *_pull(case, penalty)]


def _pull(case: Case, penalty: Penalty) -> list[Clue]:
    """What is halved within few steps cannot learn what is seen once an epoch."""
    share = pull(case, penalty)
    if not share:
        return []
    bounds = (0.03, 2.5), (3e-3, 1.0), (1e-4, 0.0)
    weight = clues.weight_above(share, *bounds, otherwise=-1.0)
    check, expected = "share of a weight that the penalty takes away each step", "below 1e-5"
    return [Clue(weight, check, words.number(share), expected, share < 1e-4)]


def _outweighs(case: Case) -> Clue:
    """At the beginning or at the end: weights that were pressed to zero have no penalty left."""
    share = penalty_share(case)
    weight = 2.0 if share > 0.8 else 1.0 if share > 0.4 else -1.0 if share < 0.1 else 0.0
    check = "penalty's share of the loss"
    return Clue(weight, check, f"{share:.0%}", "below one half", share < 0.4)


def _strength(penalty: Penalty) -> list[Clue]:
    """How strong it is, where that is known: not of a regularizer of the user's own."""
    if not (strength := penalty.strength):
        return []
    weight = 1.0 if strength >= 0.1 else 0.0 if strength >= 0.01 else -1.0
    check, seen = f"factor of the {penalty.name}", words.number(strength)
    return [Clue(weight, check, seen, "about 1e-4", strength < 0.01)]


def _fix(case: Case, penalty: Penalty, remedy: str) -> Fix:
    text = "Use a penalty that only leans on the weights: 1e-4 is a usual start."
    if remedy == "weaker_penalty_lower_rate":
        text += f" Lower the rate to {(case.learning_rate or 0.0) / 10:g} as well."
    if not penalty.layer:
        before, after = f"weight_decay={2 * penalty.strength:g}", "weight_decay=1e-4"
    else:
        known = f"L2({penalty.strength:g})" if penalty.strength else "..."
        before, after = f"regularizer={known}", "regularizer=keras.regularizers.L2(1e-4)"
    return Fix(text, f"- {before}\n+ {after}")


def _penalised(l2: float) -> dict[str, Any]:
    return {"model": {"layers": [{"name": "dense", "regularizers": {"kernel": {"l2": l2}}}]}}


PAGE = CausePage(
    label="regularization_too_strong",
    title="A penalty on the weights that is too strong",
    why=(
        "The gradient of l2·w² is 2·l2·w, so a plain step multiplies the weight by 1 - 2·rate·l2. "
        "Where that factor is below -1, the weight changes sign and grows at each step, whatever "
        "the data say. Below that the penalty may still hold all weights at zero."
    ),
    remedy="Lower the penalty (1e-4 is a usual start) or the rate: 2·rate·l2 must be far below 1.",
    before="Dense(64, kernel_regularizer=keras.regularizers.L2(1.0)), SGD(3.0)",
    after="Dense(64, kernel_regularizer=keras.regularizers.L2(1e-4)), SGD(0.01)",
    weigh=weigh,
    fires=(
        failed(
            losses=(4.0, 100.0, 2500.0, 1e6),
            optimizer={"class": "SGD", "learning_rate": 3.0},
            facts=_penalised(1.0),
            autopsy={"loss": 1e6, "penalty": 9.9e5},
            weaker_penalty=CURED,
            lower_rate=CURED,
        ),
        idle(
            symptom="underfit",
            facts=_penalised(0.5),
            autopsy={"loss": 10.0, "penalty": 9.0},
            weaker_penalty=0.4,
        ),
    ),
    symptoms=DIVERGING | NOT_LEARNING,
    quiet=(
        idle(facts=_penalised(0.5), autopsy={"loss": 10.0, "penalty": 9.0}, weaker_penalty=1.0),
        failed(facts=_penalised(1e-4), losses=(1.0, 1e5, 1e12)),
        failed(
            facts=_penalised(0.1),
            losses=(1.0, 1e5, 1e12),
            autopsy={"loss": 1e12, "penalty": 1.0},
            weaker_penalty=FAILED,
        ),
    ),
)
