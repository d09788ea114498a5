"""A schedule, or a callback, that raises the learning rate too far."""

from __future__ import annotations

import math
from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.rates import FEW_TIMES, RATE, rise
from nanwatch.diagnosis.silent import DIVERGING, NOT_LEARNING, does_not_learn
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix


def weigh(case: Case) -> Testimony | None:
    """A rate that is far above where it began, in a run that went well until it rose."""
    risen = rise(case)
    lost = [rate for rate in case.history.learning_rate if not math.isfinite(rate)]
    if risen <= FEW_TIMES and not lost:
        return None
    found = [_risen(risen, lost), _went_well(case), clues.data_finite(case)]
    if not does_not_learn(case):
        found.append(clues.weights_were_finite(case))
    first = case.history.early.get(RATE, math.nan)
    last = case.history.learning_rate[-1]
    summary = (
        f"The learning rate rose from {words.number(first)} to {words.number(last)} during the "
        "run. With the rate of the beginning the loss fell; with the later one a step overshoots."
    )
    return Testimony(summary, found, _fix(case), {}, "steady_rate")


def _risen(risen: float, lost: list[float]) -> Clue:
    if lost:
        return Clue(4.0, "learning rate", words.number(lost[0]), "a finite number", False)
    weight = clues.weight_above(risen, (30.0, 3.0), (8.0, 2.0), otherwise=1.0)
    seen = f"{words.number(risen)} times what it was at first"
    return Clue(weight, "learning rate", seen, "constant, or falling after a warm-up", False)


def _went_well(case: Case) -> Clue:
    """Before the rate rose the loss fell, or stood still at least."""
    told = (*case.history.loss, *case.history.epochs.get("loss", ()))
    losses = [loss for loss in told if math.isfinite(loss)]
    check = "lowest loss of the run, against the first"
    if len(losses) < 3 or not case.history.start > 0:
        return Clue(0.0, check, "not known", "below 1")
    share = min(losses) / case.history.start
    return Clue(1.0 if share < 0.9 else 0.0, check, words.number(share), "below 1", share < 0.9)


def _fix(case: Case) -> Fix:
    schedule = case.optimizer.get("schedule") or {}
    name = str(schedule.get("class_name", "LearningRateScheduler"))
    text = f"Let {name} end where the training is stable: print its rate for every epoch first."
    code = (
        "print([float(schedule(step)) for step in range(0, steps, 100)])\n"
        "+ keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=steps)"
    )
    return Fix(text, code)


def _rates(*rates: float) -> dict[str, Any]:
    return {"early": {RATE: rates[0]}, "learning_rate": rates}


PAGE = CausePage(
    label="lr_schedule_blowup",
    title="A schedule that raises the rate too far",
    why=(
        "A decay rate above 1 grows, a warm-up that never ends goes on climbing, a callback may "
        "multiply where it was to divide. The run is fine until the rate passes what is stable."
    ),
    remedy="Plot the rate over all steps before training; let it fall after the warm-up.",
    before="schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 100, decay_rate=1.5)",
    after="schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 100, decay_rate=0.96)",
    weigh=weigh,
    fires=(
        idle(
            symptom="underfit",
            losses=(1.0, 0.4, 0.3, 20.0),
            history=_rates(0.01, 0.1, 1.0),
            steady_rate=0.2,
        ),
    ),
    quiet=(
        failed(lower_rate=CURED),
        idle(history=_rates(0.01, 0.01, 0.02)),
        idle(history=_rates(1e-5, 1e-3), steady_rate=1.0),
    ),
    symptoms=DIVERGING | NOT_LEARNING,
)
