"""A learning rate too high for the problem from the first step."""

from __future__ import annotations

import math

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, FAILED, failed, table
from nanwatch.diagnosis.penalty import blameless_clue, penalties
from nanwatch.diagnosis.rates import FEW_TIMES, rise
from nanwatch.diagnosis.scale import unit_scale_clue
from nanwatch.diagnosis.settings import wrong_settings
from nanwatch.diagnosis.silent import DIVERGING, NOT_LEARNING, best, does_not_learn
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix

PLAIN = {"SGD"}
USUAL_PLAIN, USUAL_ADAPTIVE = 0.1, 0.01
"""The highest rates that are usual: for plain gradient descent, and for methods that scale each
step by themselves."""
FACTORS = {"lower_rate": 0.1, "much_lower_rate": 0.01, "far_lower_rate": 0.001}
"""The replays that lower the rate, the mildest first, and by how much they do."""
LEAST_SHARE = 2e-3
"""Of the highest usual rate: a lower one would not show its worth in a short replay."""


def weigh(case: Case) -> Testimony | None:
    """A loss that grows, or cannot settle, at a rate that is high for its method."""
    rate = case.learning_rate
    if rate is None or rate <= 0:
        return None
    found = [
        _rate(case, rate),
        unit_scale_clue(case, -2.0),
        *_rate_that_holds(case, rate),
        clues.data_finite(case),
        *(_thrown_about(case) if does_not_learn(case) else [clues.grew(case)]),
        *_other_reasons(case),
    ]
    remedy = _remedy(case)
    grew = " and grew from there" if case.history.growth > clues.CALM else ""
    summary = (
        f"At a rate of {words.number(rate)} a step may overshoot the minimum by more than it came "
        f"from; the loss was {words.number(case.history.start)} at first{grew}."
    )
    fix = _fix(case, rate, rate * FACTORS[remedy])
    return Testimony(summary, found, fix, {}, remedy, _factors(case, rate))


def _other_reasons(case: Case) -> list[Clue]:
    """What explains the same without a rate that was too high from the first step."""
    found = []
    if (risen := rise(case)) > FEW_TIMES:
        seen = f"{words.number(risen)} times lower"
        found.append(Clue(-2.5, "rate at the beginning", seen, "the same"))
    if _clipping_does_more(case):
        held = "held, where a tenth of the rate failed"
        found.append(Clue(-1.5, "replay with clipped gradients", held, "fails as well"))
    if penalties(case):
        found.append(blameless_clue(case))
    if wrong := wrong_settings(case):
        found.append(Clue(-2.5, wrong[0][0], words.number(wrong[0][1]), "a value that can work"))
    return found


def _factors(case: Case, rate: float) -> tuple[str, ...]:
    """The replays worth their time: of a run that stayed finite, none at a rate too low for it."""
    if not does_not_learn(case):
        return tuple(FACTORS)
    least = LEAST_SHARE * _usual(case)
    return tuple(name for name, factor in FACTORS.items() if rate * factor >= least)


def _remedy(case: Case) -> str:
    """The mildest replay that cures; where the loss stayed finite, the one that gains most."""
    if does_not_learn(case):
        return best(case, tuple(FACTORS))
    return next((name for name in FACTORS if case.cured(name)), "lower_rate")


def _thrown_about(case: Case) -> list[Clue]:
    """Steps that are too long change much of the weights, and the loss jumps with the first."""
    share = case.history.early.get("batch/update_ratio", math.nan)
    check, expected = "first update, as a share of the weights", "about 0.001"
    weight = 1.0 if share > 0.1 else -1.0 if share < 1e-3 else 0.0
    moved = Clue(weight, check, words.number(share), expected, share < 0.1)
    start = case.history.start
    highest = max(case.history.first_losses) / start if start > 0 else math.nan
    check, seen = "highest of the first losses", f"{words.number(highest)} times the first"
    jump = Clue(1.0 if highest > 3 else 0.0, check, seen, "no higher than the first", highest < 3)
    return [one for one, seen in ((moved, share), (jump, highest)) if not math.isnan(seen)]


def _rate_that_holds(case: Case, rate: float) -> list[Clue]:
    """Where only a rate far below the usual holds, the rate was not what is wrong."""
    held = next((factor for name, factor in FACTORS.items() if case.cured(name)), None)
    if held is None or does_not_learn(case):
        return []
    usual = _usual(case)
    share = rate * held / usual
    weight = clues.weight_below(share, (1.1e-3, -2.0), (0.011, -1.0), otherwise=0.0)
    seen, expected = words.number(rate * held), f"about {usual:g}"
    return [Clue(weight, "highest rate whose replay holds", seen, expected, share > 0.011)]


def _clipping_does_more(case: Case) -> bool:
    """Then single huge gradients are at work, rather than a rate too high for all of them."""
    tenth = case.trials.get("lower_rate")
    return case.cured("clip") and tenth is not None and not tenth.cured


def _rate(case: Case, rate: float) -> Clue:
    usual = _usual(case)
    bounds = (10 * usual, 2.0), (usual, 1.0), (usual / 10, 0.0)
    weight = clues.weight_above(rate, *bounds, otherwise=-1.0)
    return Clue(weight, "learning rate", words.number(rate), f"at most about {usual:g}")


def _usual(case: Case) -> float:
    return USUAL_PLAIN if case.optimizer.get("class") in PLAIN else USUAL_ADAPTIVE


def _fix(case: Case, rate: float, better: float) -> Fix:
    kind = case.optimizer.get("class", "SGD")
    code = f"- keras.optimizers.{kind}({rate:g})\n+ keras.optimizers.{kind}({better:g})"
    return Fix(f"Lower the learning rate to {better:g}.", code)


PAGE = CausePage(
    label="lr_too_high",
    title="A learning rate that is too high",
    why=(
        "A gradient step is right for a small neighbourhood only. Beyond 2 / curvature each step "
        "lands farther from the minimum than it began, so the loss grows exponentially until it "
        "overflows."
    ),
    remedy="Divide the rate by ten until the loss falls, then look for the largest that is stable.",
    before='model.compile(keras.optimizers.SGD(10.0), "mse")',
    after='model.compile(keras.optimizers.SGD(0.1), "mse")',
    weigh=weigh,
    fires=(
        failed(
            losses=(1.0, 30.0, 1e4, 1e9),
            optimizer={"class": "SGD", "learning_rate": 5.0},
            lower_rate=CURED,
        ),
        failed(losses=(2.0, 1e3, 1e9), optimizer={"class": "Adam", "learning_rate": 10.0}),
        idle(
            symptom="oscillating",
            losses=(1.0, 40.0, 3.0, 1.0),
            optimizer={"class": "Adam", "learning_rate": 0.5, "config": {}},
            history={"early": {"batch/update_ratio": 0.9}},
            lower_rate=0.1,
        ),
    ),
    symptoms=DIVERGING | NOT_LEARNING,
    quiet=(
        idle(
            optimizer={"class": "Adam", "learning_rate": 1e-3, "config": {}},
            history={"early": {"batch/update_ratio": 0.01}},
            lower_rate=0.8,
        ),
        failed(optimizer={"class": "SGD", "learning_rate": 0.01}),
        failed(
            table(scale=200.0),
            losses=(3e4, 1e10, 1e20),
            optimizer={"class": "SGD", "learning_rate": 0.01},
            lower_rate=FAILED,
        ),
    ),
)
