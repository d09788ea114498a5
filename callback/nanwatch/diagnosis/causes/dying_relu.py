"""Relu units that put out 0 for every row."""

from __future__ import annotations

from nanwatch.diagnosis import network, words
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.clues import kernels_alike
from nanwatch.diagnosis.looks import LayerLook
from nanwatch.diagnosis.rates import FEW_TIMES, rise
from nanwatch.diagnosis.scale import raw_inputs_clue
from nanwatch.diagnosis.silent import NOT_LEARNING, best, helps
from nanwatch.diagnosis.silent_examples import idle, kernel, layer
from nanwatch.events import Fix

FIX = Fix(
    "Let some slope through below zero (leaky relu), begin with biases at 0, and lower the rate if "
    "the units died during the training.",
    '- keras.layers.Dense(64, activation="relu")\n'
    '+ keras.layers.Dense(64, activation="leaky_relu")',
)
REMEDIES = ("leaky_relu", "redraw")
MANY, ALL = 0.7, 0.95
"""Shares of dead units that are more than usual, and that let next to nothing through."""


def weigh(case: Case) -> Testimony | None:
    """A hidden relu layer of which most units are 0 for the whole batch."""
    looks = [look for p in network.portraits(case) if (look := network.dead(p)) is not None]
    look = max(looks, key=lambda one: one.dead_share, default=None)
    if look is None or look.dead_share < MANY:
        return None
    found = [
        _share(look),
        _at_once(case, looks[0]),
        raw_inputs_clue(case, -2.0),
        *kernels_alike(case),
    ]
    summary = (
        f"{look.dead_share:.0%} of the units of {look.name} are 0 for every row of the batch. A "
        "relu that is 0 has no slope: these units never learn again."
    )
    return Testimony(summary, found, FIX, {"layer": look.name}, best(case, REMEDIES), REMEDIES)


def _share(look: LayerLook) -> Clue:
    share = look.dead_share
    weight = 4.0 if share == 1.0 else 2.5 if share > ALL else 1.0  # 4: nothing passes at all
    return Clue(weight, f"dead units of {look.name}", f"{share:.0%}", "below 40 %", False)


def _at_once(case: Case, first: LayerLook) -> Clue:
    """Units that die on the way were killed by steps that were too long, if shorter ones help."""
    share = first.dead_share
    check, seen = "dead units at the first step", f"{share:.0%}"
    if share >= MANY:
        return Clue(1.0, check, seen, "below 40 %", False)
    weight = -1.0 if helps(case, "lower_rate") or helps(case, "much_lower_rate") else 0.0
    if rise(case) > FEW_TIMES:
        weight, seen = -2.5, f"{seen}, at a rate {words.number(rise(case))} times lower"
    return Clue(weight, check, seen, "below 40 %", True)


DEAD = (layer("hidden", "relu", dead_share=0.98), layer("out", "linear"))
PAGE = CausePage(
    label="dying_relu",
    title="Dying relu units",
    why=(
        "A relu unit whose sum is negative for every row puts out 0 and has a slope of 0, so no "
        "gradient ever lifts it again. A bias far below zero or one step that is too long does it."
    ),
    remedy="Use leaky relu, begin with biases at 0, and a rate at which units don't die.",
    before='Dense(64, "relu", bias_initializer=keras.initializers.Constant(-10.0))',
    after='Dense(64, "leaky_relu")',
    weigh=weigh,
    fires=(
        idle(
            autopsy={"layers": DEAD, "variables": (kernel("hidden", gradient=0.0), kernel("out"))},
            leaky_relu=0.4,
        ),
    ),
    quiet=(
        idle(autopsy={"layers": (layer("hidden", "relu", dead_share=0.5), layer("out"))}),
        idle(autopsy={"layers": DEAD}, leaky_relu=1.0, redraw=1.0),
    ),
    symptoms=NOT_LEARNING,
)
