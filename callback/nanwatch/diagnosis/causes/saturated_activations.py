"""Hidden tanh or sigmoid units that are pinned at their ends."""

from __future__ import annotations

from nanwatch.diagnosis import clues, network
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.clues import kernels_alike
from nanwatch.diagnosis.looks import LayerLook
from nanwatch.diagnosis.scale import raw_inputs_clue
from nanwatch.diagnosis.silent import NOT_LEARNING, best
from nanwatch.diagnosis.silent_examples import idle, kernel, layer
from nanwatch.events import Fix

REMEDIES = ("normalized", "redraw", "hidden_relu")
MANY = 0.5
"""A larger share of flat outputs is more than usual."""


def weigh(case: Case) -> Testimony | None:
    """Most outputs of a hidden layer where the activation is flat, over scaled inputs."""
    looks = [look for p in network.portraits(case) if (look := network.saturated(p)) is not None]
    look = max(looks, key=lambda one: one.saturated_share, default=None)
    if look is None or look.saturated_share < MANY:
        return None
    found = [_share(look), _at_once(looks[0]), raw_inputs_clue(case, -2.5), *kernels_alike(case)]
    found.append(clues.started_well(case))
    summary = (
        f"{look.saturated_share:.0%} of what {look.name} puts out lies at the ends of "
        f"{look.activation}, where it has no slope: its weights get no gradient."
    )
    return Testimony(
        summary, found, _fix(look), {"layer": look.name}, best(case, REMEDIES), REMEDIES
    )


def _share(look: LayerLook) -> Clue:
    share = look.saturated_share
    weight = 2.5 if share > 0.8 else 1.5
    return Clue(weight, f"saturated outputs of {look.name}", f"{share:.0%}", "below 20 %", False)


def _at_once(first: LayerLook) -> Clue:
    """From the first step on: then no step of the training has brought it about."""
    share = first.saturated_share
    weight = 1.0 if share > MANY else -0.5
    return Clue(weight, "saturated at the first step", f"{share:.0%}", "below 20 %", share < MANY)


def _fix(look: LayerLook) -> Fix:
    text = (
        f"Put a normalisation before {look.activation}, begin with smaller weights (Glorot), or "
        "use relu."
    )
    code = (
        f'- Dense(units, "{look.activation}")\n'
        f'+ Dense(units), BatchNormalization(), Activation("{look.activation}")'
    )
    return Fix(text, code)


PINNED = (layer("hidden", "tanh", saturated_share=0.97), layer("out", "linear"))
PAGE = CausePage(
    label="saturated_activations",
    title="Saturated activations",
    why=(
        "Far from zero tanh and sigmoid are flat. A unit that is driven there by large weights or "
        "large inputs says the same of every row, and its gradient is next to zero, so it stays."
    ),
    remedy="Keep what goes into the activation near zero: smaller weights, or a normalisation.",
    before='Dense(64, "tanh", kernel_initializer=RandomNormal(stddev=10.0))',
    after='Dense(64, "tanh", kernel_initializer="glorot_uniform")',
    weigh=weigh,
    fires=(idle(autopsy={"layers": PINNED, "variables": (kernel("hidden", 8.0),)}, redraw=0.3),),
    quiet=(
        idle(autopsy={"layers": (layer("hidden", "tanh"), layer("out", "linear"))}),
        idle(autopsy={"layers": PINNED}, normalized=1.0, redraw=1.1, hidden_relu=1.0),
        idle(autopsy={"layers": PINNED, "variables": (kernel("hidden", 100.0),)}),
    ),
    symptoms=NOT_LEARNING,
)
