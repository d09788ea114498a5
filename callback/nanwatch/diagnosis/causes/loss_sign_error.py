"""The loss has the wrong sign, and so it is maximised."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median

from nanwatch.diagnosis import clues, words
from nanwatch.diagnosis.bounds import lowest, place_of_own
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import (
    CURED,
    FAILED,
    failed,
    output_facts,
    predicted,
    silent,
    table,
)
from nanwatch.diagnosis.outputs import PROBABILITIES, Output, outputs
from nanwatch.diagnosis.silent import helps_some
from nanwatch.events import Fix, Symptom

FALLING: frozenset[Symptom] = frozenset({"negative_loss", "nan_loss", "exploding_loss"})
CLIMBING: frozenset[Symptom] = frozenset(
    {"loss_stuck", "underfit", "huge_loss", "nan_loss", "exploding_loss"}
)
CLIMBED = 1.5
"""A loss that got so many times its first level, within the first steps already, climbs."""
NEGATED, REVERSED = "negated_addition", "reversed_update"
FAR, DEEP = 30.0, 10.0
"""So many times the first loss, or 1, below 0 is no minimum that a loss nears, or hardly one."""
FIX = Fix(
    "Turn the sign of the loss: what is returned is made as small as possible.",
    "- return -keras.ops.mean(keras.ops.square(y_true - y_pred))\n"
    "+ return keras.ops.mean(keras.ops.square(y_true - y_pred))",
)

FIX_SCORE = Fix(
    "Return what shall become small: 1 less the score, or the score with a minus sign.",
    "- return overlap\n+ return 1 - overlap",
)
FIX_STEP = Fix(
    "Go down the gradient of what shall become small.",
    "- variable.assign_add(rate * gradient)\n+ variable.assign_sub(rate * gradient)",
)
FIX_ADDED = Fix(
    "Turn the sign of what add_loss is given: it is made as small as possible, like the loss.",
    "- self.add_loss(0.5 * keras.ops.sum(1 + log_var - mean**2 - keras.ops.exp(log_var)))\n"
    "+ self.add_loss(-0.5 * keras.ops.sum(1 + log_var - mean**2 - keras.ops.exp(log_var)))",
)


def weigh(case: Case) -> Testimony | None:
    """A loss of the user's own, or what it adds to one, that falls ever deeper below zero."""
    if case.facts.get("own_step") and not case.history.end < 0:
        return _climbs(case)
    if case.symptom == "underfit":
        return _disliked_truth(case)
    if case.symptom not in FALLING:
        return None
    own, added = [output for output in outputs(case) if output.custom], _added(case)
    last = case.history.end
    if not last < 0 or not (own or added or case.facts.get("own_step")):
        return None
    found = [
        _depth(case, last),
        *_distance(own),
        *_metrics(case),
        *_truth(case),
        *added,
    ]
    found.append(clues.data_finite(case))
    summary = (
        "The loss falls below 0 without end, as a loss does whose sign is turned: the training "
        "makes the error as large as it can."
    )
    if added and not own:  # where nothing failed, it may take long until the sum runs away
        tried = case.symptom != "negative_loss" or helps_some(case, NEGATED)
        return Testimony(summary, found, FIX_ADDED, {}, NEGATED if tried else "", (NEGATED,))
    return Testimony(summary, found, FIX, place_of_own(case.facts), "negated_loss")


def _disliked_truth(case: Case) -> Testimony | None:
    """A loss of the user's own above 0, such as an overlap that should be taken from 1.

    Chances follow the labels; the distance of a pair may have to be small where its label is 1.
    """
    ends = outputs(case)
    chances = all(output.custom and output.activation in PROBABILITIES for output in ends)
    if not ends or not chances or not any(clue.weight > 0 for clue in _truth(case)):
        return None
    summary = (
        "The loss is lower for a constant guess than for predictions that follow the labels: it "
        "measures how good they are, and the training makes it as small as it can."
    )
    found = [*_truth(case), clues.data_finite(case)]
    return Testimony(summary, found, FIX_SCORE, place_of_own(case.facts), "negated_loss")


def _climbs(case: Case) -> Testimony | None:
    """A step of the user's own that goes up: a sign turned in its loss, gradient or update.

    Too high a rate throws the loss about; one that goes up does so at any rate.
    """
    first = [v for v in case.history.first_losses if math.isfinite(v)]
    half = len(first) // 2
    if case.symptom not in CLIMBING or half < 2:
        return None
    begun, then = median(first[:half]), median(first[half:])
    if not then > CLIMBED * begun > 0:
        return None
    check, expected = "loss of the first steps", "falling"
    seen = f"{words.number(begun)}, then {words.number(then)}"
    found = [Clue(1.0, check, seen, expected, False), clues.data_finite(case)]
    summary = (
        "The loss rises from the first step on, as it does where the train step adds what it "
        "should take away: a sign is turned in its loss, its gradient or its update."
    )
    return Testimony(summary, found, FIX_STEP, {}, REVERSED)


def _added(case: Case) -> list[Clue]:
    """What `add_loss` was given is below zero, by more than the loss of the data is above."""
    autopsy = case.autopsy
    if autopsy is None:
        return []
    below = autopsy.penalty < -abs(autopsy.loss - autopsy.penalty)
    if not math.isfinite(autopsy.penalty):  # then the steps before tell
        bound = lowest(case.facts)
        below = bound is not None and case.history.end < bound
    seen = words.number(autopsy.penalty)
    clue = Clue(2.5, "what add_loss adds to the loss", seen, "0 or more", False)
    return [clue] if below else []


def _depth(case: Case, last: float) -> Clue:
    """A loss that has a lowest value gets there ever slower; one that has none ever faster."""
    start = case.history.start
    start = 0.0 if math.isnan(start) else start
    depth = -last / max(1.0, abs(start))
    seen = f"{words.number(last)}, {words.number(start)} at first"
    weight = clues.weight_above(depth, (FAR, 2.5), (DEEP, 1.5), otherwise=-1.0)
    return Clue(weight, "last loss", seen, "a lowest value that it nears", weight < 0)


def _distance(own: list[Output]) -> list[Clue]:
    """The predictions of a maximised error run away from the targets."""
    known = [(o.prediction, o.target) for o in own if o.prediction and o.target]
    if not known:
        return []
    seen, target = known[0]
    if not seen.finite or target.largest == 0:
        return []
    ratio = seen.largest / max(target.largest, 1e-6)
    weight = clues.weight_above(ratio, (10.0, 2.5), (3.0, 0.5), otherwise=-2.0)
    check = "largest prediction, in targets"
    return [Clue(weight, check, words.number(ratio), "about 1", ratio <= 3)]


def _truth(case: Case) -> list[Clue]:
    """A loss must like the truth better than a guess that pays no heed to the inputs."""
    perfect, guess = case.perfect_loss, case.constant_loss
    if math.isnan(perfect) or math.isnan(guess):
        return []
    reversed_ = perfect > guess
    seen = f"{words.number(perfect)}; of a constant guess {words.number(guess)}"
    check = "loss of predictions that follow the labels"
    return [Clue(5.0 if reversed_ else -4.0, check, seen, "the lower one", not reversed_)]


def _metrics(case: Case) -> list[Clue]:
    """An error that is measured beside the loss rises while the loss falls."""
    for name, values in case.history.epochs.items():
        if name.startswith(("mae", "mse", "mean_", "root_mean")) and len(values) > 1:
            rose = values[-1] > 1.5 * values[0]
            seen = f"{words.number(values[0])} to {words.number(values[-1])}"
            return [Clue(2.5 if rose else -2.5, name, seen, "falling", not rose)]
    return []


SQUARED = "MeanSquaredError"
RISING = (1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 9.0, 20.0)

PAGE = CausePage(
    label="loss_sign_error",
    title="A loss with the wrong sign",
    why=(
        "An optimizer makes the loss as small as possible. With a turned sign that is the largest "
        "error there is: the predictions run away from the targets, faster and faster, until they "
        "overflow."
    ),
    remedy=(
        "Return what shall become small: errors as they are, likelihoods and similarities with a "
        "minus sign."
    ),
    before="def loss(y_true, y_pred):\n    return -ops.mean(ops.square(y_true - y_pred), -1)",
    after="def loss(y_true, y_pred):\n    return ops.mean(ops.square(y_true - y_pred), -1)",
    weigh=weigh,
    fires=(
        replace(
            silent("underfit", table(), facts=output_facts("sigmoid", "overlap", custom=True)),
            perfect_loss=0.9,
            constant_loss=0.1,
        ),
        failed(losses=RISING, facts={"own_step": True}, reversed_update=CURED),
        silent(
            "negative_loss",
            table(),
            table("target"),
            predicted(-500.0, 900.0, 4),
            losses=(-1.0, -1e2, -1e4, -1e6),
            facts=output_facts("linear", "own", 4, custom=True),
        ),
        failed(
            losses=(-1.0, -1e3, -1e20, -1e38),
            facts=output_facts("linear", "own", 4, custom=True),
            autopsy={"predictions_finite": True, "predictions": (predicted(-1e19, 1e19, 4),)},
        ),
        silent(
            "negative_loss",
            table(),
            table("target"),
            losses=(-1.0, -1e3, -1e6, -5e8),
            facts=output_facts("sigmoid", SQUARED),
            autopsy={"loss": -5e8, "penalty": -5e8},
        ),
        failed(
            losses=(0.2, -1e3, -1e12),
            facts={**output_facts("linear", SQUARED), "loss": [{"class": SQUARED}]},
            autopsy={"loss": math.nan, "penalty": math.nan},
        ),
    ),
    quiet=(
        replace(
            silent("underfit", table(), facts=output_facts("linear", "contrast", custom=True)),
            perfect_loss=0.9,
            constant_loss=0.1,
        ),
        replace(
            silent("underfit", table(), facts=output_facts("sigmoid", "distance", custom=True)),
            perfect_loss=0.1,
            constant_loss=0.9,
        ),
        failed(losses=RISING, facts={"own_step": True}, reversed_update=FAILED),
        failed(losses=RISING, reversed_update=CURED),
        silent(
            "negative_loss",
            table(),
            table("target"),
            predicted(-2.0, 2.0, 4),
            losses=(1.0, -1.0, -2.0, -2.1),
            facts=output_facts("linear", "own", 4, custom=True),
        ),
        failed(losses=(1.0, 1e5, 1e12), facts=output_facts("linear", "own", 4, custom=True)),
    ),
    symptoms=FALLING | CLIMBING,
)
