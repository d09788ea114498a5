"""Initial weights that are far too large, far too small, or all alike."""

from __future__ import annotations

from dataclasses import replace

from nanwatch.diagnosis import network, words
from nanwatch.diagnosis.case import Autopsy, Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.examples import CURED, failed
from nanwatch.diagnosis.looks import VariableLook
from nanwatch.diagnosis.scale import unit_scale_clue
from nanwatch.diagnosis.silent import NOT_LEARNING, does_not_learn
from nanwatch.diagnosis.silent_examples import idle, kernel, layer
from nanwatch.events import Fix

FIX = Fix(
    "Draw the weights at random with a spread that keeps the signal's scale: Glorot for tanh and "
    "sigmoid, He for relu.",
    "- keras.layers.Dense(64, kernel_initializer=...)\n"
    '+ keras.layers.Dense(64, kernel_initializer="glorot_uniform")',
)
SMALL = 0.05
"""A kernel that begins smaller than this, beside what keeps activations at their scale, is odd."""


def weigh(case: Case) -> Testimony | None:
    """Kernels that begin alike, or on another scale than the signal needs.

    Only such as are too large make a loss diverge.
    """
    start = case.beginning
    if start is None:
        return None
    alike = network.alike(start) if does_not_learn(case) else []
    odd = network.oversized(start) + network.loud_tables(start)
    if does_not_learn(case):
        odd += [(look, spread) for look, spread in network.spreads(start) if spread < SMALL]
        odd = [(look, spread) for look, spread in odd if not look.constant]
    if not alike and not odd:
        return None
    found = [_alike(alike), _spread(odd), _pinned(start), unit_scale_clue(case, -1.0)]
    worst = alike[0] if alike else odd[0][0]
    where = {"layer": worst.layer, "variable": worst.name}
    return Testimony(_summary(worst, alike, odd), found, FIX, where, "redraw")


def _alike(alike: list[VariableLook]) -> Clue:
    seen = words.number(len(alike)) if alike else "none"
    return Clue(3.5 if alike else 0.0, "kernels of one value throughout", seen, "none", not alike)


def _spread(odd: list[tuple[VariableLook, float]]) -> Clue:
    check = "kernels at the start, against Glorot's"
    if not odd:
        return Clue(0.0, check, "about 1", "about 1", True)
    most = max((spread for _, spread in odd), key=lambda s: max(s, 0.2 / max(s, 1e-9)))
    weight = 2.5 if most > 4 * network.LARGE or most < SMALL / 4 else 1.5
    return Clue(weight, check, words.number(most), "about 1", False)


def _pinned(start: Autopsy) -> Clue:
    """Tanh or sigmoid units that small kernels pin have a name of their own."""
    look, loud = network.saturated(start), network.oversized(start)
    share = look.saturated_share if look else 0.0
    return Clue(
        -1.0 if share > 0.5 and not loud else 0.0,
        "saturated units",
        f"{share:.0%}",
        "few",
        share < 0.5,
    )


def _summary(
    worst: VariableLook, alike: list[VariableLook], odd: list[tuple[VariableLook, float]]
) -> str:
    if alike:
        return (
            f"{worst.name} begins with one value throughout: all units of {worst.layer} compute "
            "the same, get the same gradient, and stay the same one unit for ever."
        )
    kind = "large" if odd[0][1] > 1 else "small"
    return (
        f"{worst.name} begins {words.number(odd[0][1])} times as large as keeps the signal at its "
        f"scale: too {kind} for what goes forward, and for the gradient that comes back."
    )


LOUD = Autopsy(layers=(layer("hidden", "relu"),), variables=(kernel("hidden", 200.0),))
TWO = (layer("hidden", "relu"), layer("out", "linear"))
PAGE = CausePage(
    label="bad_initialization",
    title="Initial weights that are wrong",
    why=(
        "Weights that all begin alike keep all units alike. Weights that are too large make "
        "activations grow layer by layer; weights that are too small let signal and gradient fade."
    ),
    remedy='Use "glorot_uniform" (tanh, sigmoid), "he_normal" (relu) or "orthogonal" (recurrent).',
    before='Dense(64, "relu", kernel_initializer="zeros")',
    after='Dense(64, "relu", kernel_initializer="he_normal")',
    weigh=weigh,
    fires=(
        idle(
            autopsy={
                "layers": TWO,
                "variables": (kernel("hidden", 0.0, constant=True), kernel("out")),
            },
            redraw=0.4,
        ),
        idle(
            autopsy={"layers": TWO, "variables": (kernel("hidden", 200.0), kernel("out"))},
            redraw=0.2,
        ),
        replace(failed(losses=(3e7, 1e30), redraw=CURED), beginning=LOUD),
    ),
    quiet=(
        idle(autopsy={"layers": TWO, "variables": (kernel("hidden"), kernel("out"))}),
        idle(
            autopsy={"layers": TWO, "variables": (kernel("hidden", 30.0), kernel("out"))},
            redraw=1.0,
        ),
    ),
    symptoms=NOT_LEARNING | {"nan_loss", "exploding_loss"},
)
