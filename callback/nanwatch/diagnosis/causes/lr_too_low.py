"""A learning rate so low that nothing moves."""

from __future__ import annotations

import math
from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.rates import RATE, usual_rate
from nanwatch.diagnosis.silent import NOT_LEARNING, best, helps
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix

FACTORS = {"higher_rate": 10.0, "much_higher_rate": 1e3, "far_higher_rate": 1e6}
"""The replays that raise the rate, and by how much."""
GONE = 1e3
"""A rate that fell by more than this is as good as gone."""
LONG_GONE = 0.4
"""No schedule that is meant for its run leaves the rate gone for more than this share of it."""
KEEP = Fix(
    "Let the rate fall slowly, and to no less than a hundredth of where it began.",
    "- keras.optimizers.schedules.ExponentialDecay(1e-3, decay_steps=1, decay_rate=0.8)\n"
    "+ keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=steps, alpha=0.01)",
)
LIVELY, SLOW, STILL, NOT_AT_ALL = 1e-3, 2e-4, 2e-5, 1e-6
"""By which share of their length weights move in a step."""


def weigh(case: Case) -> Testimony | None:
    """A rate below the usual, weights that hardly move, and a higher rate that makes them learn."""
    rate = case.learning_rate
    if rate is None or rate < 0:
        return None
    usual = usual_rate(str(case.optimizer.get("class")))
    if (first := case.history.early.get(RATE, math.nan)) > GONE * rate:
        return _gone(case, first, rate, usual)
    names = tuple(reversed(FACTORS)) if rate else ("sane_optimizer",)
    remedy = best(case, names)
    better = rate * FACTORS[remedy] if rate and helps(case, remedy) else usual
    summary = (
        f"At a rate of {words.number(rate)} a step hardly changes the weights: the loss stays "
        "where it began, however long the training goes on."
    )
    kind = case.optimizer.get("class", "SGD")
    code = f"- keras.optimizers.{kind}({rate:g})\n+ keras.optimizers.{kind}({better:g})"
    fix = Fix(f"Raise the learning rate to {better:g}.", code)
    found = [_rate(rate, usual), _moves(case, rate, usual), *clues.began_trained(case)]
    return Testimony(summary, found, fix, {}, remedy, names)


def _gone(case: Case, first: float, rate: float, usual: float) -> Testimony:
    """A schedule or a callback has taken the rate away before anything was learnt."""
    rates = case.history.learning_rate
    gone = sum(one * GONE < first for one in rates) / max(1, len(rates))
    seen = f"{words.number(first)} at first, {words.number(rate)} at the end"
    summary = (
        f"The learning rate fell from {words.number(first)} to {words.number(rate)}, long before "
        "the loss was down: from then on a step hardly changes the weights."
    )
    weight = 2.5 if gone > LONG_GONE else 1.5
    found = [
        _rate(rate, usual),
        Clue(weight, "rate over the run", seen, "no lower while the loss falls", False),
    ]
    return Testimony(summary, found, KEEP, {}, "steady_rate")


def _rate(rate: float, usual: float) -> Clue:
    share = rate / usual
    bounds = (1e-3, 2.0), (0.03, 1.0), (0.3, 0.0)
    weight = clues.weight_below(share, *bounds, otherwise=-3.5) if rate else 3.0
    return Clue(weight, "learning rate", words.number(rate), f"about {usual:g}", share >= 0.3)


def _moves(case: Case, rate: float, usual: float) -> Clue:
    check, expected = "update, as a share of the weights", "about 0.001"
    told = (case.history.early, case.history.late)
    ratios = [seen.get("batch/update_ratio", math.nan) for seen in told]
    known = [ratio for ratio in ratios if ratio > 0 or (ratio == 0 and not _accumulates(case))]
    if not known:
        return Clue(0.0, check, "not known", expected)
    most = max(known)
    bounds = (LIVELY, -3.0), (SLOW, 0.0), (STILL, 1.0)
    weight = clues.weight_above(most, *bounds, otherwise=2.0)
    if most < NOT_AT_ALL and rate < 1e-3 * usual:  # no number of such steps gets anywhere
        weight = 4.0
    return Clue(weight, check, words.number(most), expected, most > SLOW)


def _accumulates(case: Case) -> bool:
    """Whether most steps only gather gradients and move nothing, whatever the rate."""
    config = case.optimizer.get("config") or {}
    return bool(config.get("gradient_accumulation_steps"))


def _adam(rate: float) -> dict[str, Any]:
    return {"class": "Adam", "learning_rate": rate, "config": {}}


def _moving(share: float) -> dict[str, Any]:
    return {"late": {"batch/update_ratio": share}}


PAGE = CausePage(
    label="lr_too_low",
    title="A learning rate that is too low",
    why=(
        "A step moves every weight by the rate times its gradient (an adaptive method: by about "
        "the rate itself). At a ten-millionth, thousands of steps change nothing that can be seen."
    ),
    remedy="Raise the rate tenfold until the loss falls: 1e-3 for Adam, 1e-2 for SGD are usual.",
    before='model.compile(keras.optimizers.Adam(1e-8), "mse")',
    after='model.compile(keras.optimizers.Adam(1e-3), "mse")',
    weigh=weigh,
    fires=(
        idle(optimizer=_adam(1e-8), history=_moving(1e-8), far_higher_rate=0.3),
        idle(history={"early": {RATE: 1e-3}, "learning_rate": (1e-9, 1e-12)}, steady_rate=0.3),
    ),
    quiet=(
        idle(history={"early": {RATE: 1e-3}, "learning_rate": (1e-9, 1e-12)}, steady_rate=1.0),
        idle(optimizer=_adam(1e-3), history=_moving(2e-3), far_higher_rate=0.6),
        idle(optimizer=_adam(1e-4), history=_moving(1e-4), far_higher_rate=1.0),
        idle(
            symptom="underfit",
            losses=(0.42, 0.41, 0.39),
            optimizer=_adam(1e-5),
            history=_moving(6e-5),
            far_higher_rate=0.01,
        ),
    ),
    symptoms=NOT_LEARNING,
)
