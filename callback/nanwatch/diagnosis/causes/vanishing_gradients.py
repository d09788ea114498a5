"""Gradients that shrink to nothing on their way to the first layers."""

from __future__ import annotations

import math
from dataclasses import replace

from nanwatch.diagnosis import clues, network, words
from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import table
from nanwatch.diagnosis.looks import VariableLook
from nanwatch.diagnosis.silent import NOT_LEARNING, best
from nanwatch.diagnosis.silent_examples import idle, kernel, layer
from nanwatch.events import Fix

FIX = Fix(
    "Use relu (He initialisation) or gated cells instead of sigmoid or tanh, normalisation between "
    "the layers, or residual connections.",
    '- keras.layers.Dense(64, activation="sigmoid")\n'
    '+ keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal")',
)
REMEDIES = ("hidden_relu_redrawn", "normalized")
FADED = 0.1
"""Less than this share of a gradient is left where it fades."""
FIX_TIME = Fix(
    "Begin with recurrent weights that keep what is remembered at its size, or use gated cells.",
    "- SimpleRNN(16, recurrent_initializer=Orthogonal(gain=0.5))\n+ LSTM(16)",
)


def weigh(case: Case) -> Testimony | None:
    """A gradient that fades on its way to the first layer, or to the first step in time."""
    return _through_layers(case) or _through_time(case)


def _through_time(case: Case) -> Testimony | None:
    """Plain recurrent weights that let go of most of what came in first."""
    portrait = network.first_portrait(case)
    steps = max((look.shape[1] for look in case.arrays("input") if len(look.shape) > 1), default=1)
    kept = [(look, network.kept(look) ** steps) for look in portrait.variables] if portrait else []
    look, share = min(kept, key=lambda pair: pair[1], default=(None, 1.0))
    if look is None or not share < FADED:
        return None
    check = f"what is left of the first step after {steps}"
    seen, weight = words.number(share), 2.5 if share < 1e-3 else 1.0
    summary = (
        f"Each step in time multiplies what {look.layer} remembers by {network.kept(look):.2g} "
        f"at most: after {steps} steps {seen} of the first is left, and of its gradient."
    )
    found = [Clue(weight, check, seen, "about 1", False), *clues.learns(case)]
    where = {"layer": look.layer, "variable": look.name}
    return Testimony(summary, found, FIX_TIME, where, "redraw")


def _through_layers(case: Case) -> Testimony | None:
    portrait = min(network.portraits(case), key=network.fading, default=None)
    share = network.fading(portrait) if portrait else math.nan
    if portrait is None or not share < FADED:
        return None
    found = [
        *(_fading(share), _flat(portrait), _alive(portrait), _large_enough(portrait)),
        *clues.learns(case),
    ]
    first = network.kernels(portrait)[0]
    summary = (
        f"The gradient of the first layer's weights is {words.number(share)} times the last one's: "
        "each layer on the way back multiplies it by a slope far below 1."
    )
    where = {"layer": first.layer, "variable": first.name}
    return Testimony(summary, found, FIX, where, best(case, REMEDIES), REMEDIES)


def _fading(share: float) -> Clue:
    weight = clues.weight_below(share, (1e-3, 2.5), (1e-2, 1.5), otherwise=0.5)
    seen = words.number(share)
    return Clue(weight, "gradient of the first layer over the last one's", seen, "0.1 to 10", False)


def _flat(portrait: Autopsy) -> Clue:
    flat = [look for look in network.hidden(portrait) if look.activation in network.FLAT]
    check, expected = "hidden layers of sigmoid or tanh", "fewer than 3 in a row"
    weight = 1.5 if len(flat) >= 3 else 0.5 if flat else -1.5
    return Clue(weight, check, str(len(flat)), expected, len(flat) < 3)


def _alive(portrait: Autopsy) -> Clue:
    """Units without any slope, dead or pinned, stop the gradient as well: other causes."""
    dead, pinned = network.dead(portrait), network.saturated(portrait)
    share = max(dead.dead_share if dead else 0.0, pinned.saturated_share if pinned else 0.0)
    check, expected = "dead or pinned hidden units", "few"
    return Clue(-2.5 if share > 0.8 else 0.0, check, f"{share:.0%}", expected, share < 0.7)


def _large_enough(portrait: Autopsy) -> Clue:
    """Kernels that begin far too small, or were pressed to 0, let the gradient fade as well."""
    least = min((spread for _, spread in network.spreads(portrait)), default=1.0)
    weight = -2.0 if least < 0.05 or network.alike(portrait) else 0.0
    return Clue(weight, "kernels, against Glorot's", words.number(least), "about 1")


DEEP = (*(layer(f"hidden_{i}", "sigmoid") for i in range(5)), layer("out", "linear"))
WAVES = table(shape=(32, 60, 1))
REMEMBERS_LITTLE = VariableLook("rnn/recurrent_kernel", "rnn", True, 2.0, size=256)
PAGE = CausePage(
    label="vanishing_gradients",
    title="Vanishing gradients",
    why=(
        "Going back through a layer, the gradient is multiplied by the slope of its activation: at "
        "most a quarter for a sigmoid. After six of them less than a thousandth is left, and the "
        "first layers stay as random as they began (Hochreiter 1991; Glorot, Bengio 2010)."
    ),
    remedy="Use relu with He initialisation, normalisation layers, residual connections, or LSTM.",
    before='model = keras.Sequential([Dense(64, "sigmoid") for _ in range(8)])',
    after='model = keras.Sequential([Dense(64, "relu", kernel_initializer="he_normal")])',
    weigh=weigh,
    fires=(
        idle(
            autopsy={
                "layers": DEEP,
                "variables": (kernel("a", gradient=1e-6), kernel("b", gradient=1e-3), kernel("c")),
            },
            hidden_relu_redrawn=0.4,
        ),
        idle(WAVES, autopsy={"variables": (REMEMBERS_LITTLE,)}, redraw=0.4),
    ),
    quiet=(
        idle(WAVES, autopsy={"variables": (REMEMBERS_LITTLE,)}, redraw=1.0),
        idle(WAVES, autopsy={"variables": (replace(REMEMBERS_LITTLE, norm=4.0),)}, redraw=0.4),
        idle(
            autopsy={
                "layers": DEEP,
                "variables": (kernel("a", gradient=0.5), kernel("b"), kernel("c")),
            },
        ),
        idle(
            autopsy={
                "layers": (layer("a", "relu", dead_share=1.0), layer("b", "relu"), layer("c")),
                "variables": (kernel("a", gradient=0.0), kernel("b", gradient=0.0), kernel("c")),
            },
        ),
    ),
    symptoms=NOT_LEARNING,
)
