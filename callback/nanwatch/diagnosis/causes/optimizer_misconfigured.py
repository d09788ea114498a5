"""Optimizer settings with which the method cannot work."""

from __future__ import annotations

from typing import Any

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.errors import in_optimizer
from nanwatch.diagnosis.examples import CURED, failed, raised
from nanwatch.diagnosis.settings import SETTINGS, Brake, brake, wrong_settings
from nanwatch.diagnosis.silent import DIVERGING, NOT_LEARNING, best, does_not_learn, helps_some
from nanwatch.diagnosis.silent_examples import idle
from nanwatch.events import Fix

NO_RATE = ("learning_rate", 0.0)
"""The lowest rate of all: lr_too_low."""


def weigh(case: Case) -> Testimony | None:
    """A setting outside its range, best seen where finite gradients make a non-finite update."""
    if does_not_learn(case) and (held := brake(case)) is not None:
        return _braked(held, str(case.optimizer.get("class", "the optimizer")))
    wrong = [(name, value) for name, value in wrong_settings(case) if (name, value) != NO_RATE]
    if not wrong or (case.error is not None and not in_optimizer(case)):
        return None
    name, value = wrong[0]
    found = [
        *(Clue(3.0, key, words.number(seen), SETTINGS[key].expected) for key, seen in wrong),
        _raised(case) if case.error is not None else _update(case),
        clues.data_finite(case),
        clues.weights_were_finite(case),
    ]
    kind = case.optimizer.get("class", "the optimizer")
    summary = (
        f"{kind} runs with {name} = {words.number(value)}; it needs {SETTINGS[name].expected}."
    )
    names = ("sane_optimizer", "sane_optimizer_lower_rate")
    remedy = best(case, names) if does_not_learn(case) else case.better(*names)
    fix = _fix(case, name, value, remedy)
    if case.symptom == "oscillating" and not helps_some(case, remedy):
        remedy = ""  # a short replay may well end before the first swing
    return Testimony(summary, found, fix, {}, remedy, names)


def _braked(found: Brake, kind: str) -> Testimony:
    """The rate is as it should be, and hardly anything is left that it could be times."""
    setting = f"{found.name}={found.value:g}"
    summary = f"With {setting} a step hardly changes the weights, whatever the rate."
    fix = Fix(
        f"Leave {found.name} away, or choose a value that leaves most of a usual step.",
        f"- keras.optimizers.{kind}(..., {setting})\n+ keras.optimizers.{kind}(...)",
    )
    clue = Clue(3.5, found.check, found.seen, found.expected, False)
    return Testimony(summary, [clue], fix, {}, found.remedy)


def _raised(case: Case) -> Clue:
    """With epsilon 0 an update of few rows of a table is no longer one of all its rows."""
    seen = case.error.kind if case.error else ""
    return Clue(3.0, "error in the optimizer's update", seen, "none", False)


def _update(case: Case) -> Clue:
    autopsy = case.autopsy
    check = "update made of finite gradients"
    if autopsy is None or not autopsy.gradients_finite:
        return Clue(0.0, check, "no finite gradients to judge by", "finite")
    finite = autopsy.update_finite
    return Clue(0.0 if finite else 2.0, check, "finite" if finite else "not finite", "finite")


def _fix(case: Case, name: str, value: float, remedy: str) -> Fix:
    kind = case.optimizer.get("class", "the optimizer")
    usual = SETTINGS[name].usual
    code = (
        f"- keras.optimizers.{kind}({name}={value:g})\n+ keras.optimizers.{kind}({name}={usual:g})"
    )
    text = f"Set {name} back to a value for which the method is made: {usual:g}."
    if remedy == "sane_optimizer_lower_rate":
        text += f" Lower the rate to {(case.learning_rate or 0.0) / 10:g} as well."
    return Fix(text, code)


def _optimizer(kind: str, **config: Any) -> dict[str, Any]:
    return {"class": kind, "learning_rate": 0.001, "config": config}


PAGE = CausePage(
    label="optimizer_misconfigured",
    title="Optimizer settings that cannot work",
    why=(
        "Adaptive methods divide by a running size of the gradient plus epsilon: with epsilon 0, a "
        "weight whose gradient is exactly 0 divides 0 by 0. A momentum or decay of 1 never "
        "forgets: the steps add up without end. A negative rate climbs the loss. A limit far below "
        "the gradients, or an update after more steps than a training has, leaves nothing of it."
    ),
    remedy="Keep the defaults (epsilon 1e-7, momentum 0.9, beta 0.9 / 0.999) unless you must not.",
    before="model.compile(keras.optimizers.Adam(1e-3, epsilon=0.0), loss)",
    after="model.compile(keras.optimizers.Adam(1e-3), loss)",
    weigh=weigh,
    fires=(
        idle(
            optimizer=_optimizer("SGD", clipvalue=1e-6),
            history={"grad_norm": (1.0,)},
            unclipped=0.3,
        ),
        idle(optimizer=_optimizer("Adam", gradient_accumulation_steps=4096), ungathered=0.3),
        failed(optimizer=_optimizer("Adam", epsilon=0.0), autopsy={"update_finite": False}),
        failed(
            optimizer=_optimizer("SGD", momentum=1.0),
            losses=(1.0, 30.0, 1e5),
            sane_optimizer=CURED,
        ),
        raised(
            "File keras/src/optimizers/rmsprop.py\n indices[1] = 865 is not in [0, 385)",
            optimizer=_optimizer("RMSprop", epsilon=0.0),
        ),
    ),
    quiet=(
        failed(optimizer=_optimizer("Adam", epsilon=1e-7, beta_1=0.9, beta_2=0.999)),
        idle(optimizer=_optimizer("SGD", clipvalue=1.0), history={"grad_norm": (1.0,)}),
        idle(optimizer=_optimizer("Adam", gradient_accumulation_steps=2)),
    ),
    symptoms=DIVERGING | NOT_LEARNING | {"exception"},
)
