"""Layers that follow each other without anything between them that bends."""

from __future__ import annotations

from nanwatch.diagnosis import network
from nanwatch.diagnosis.case import Case
from nanwatch.diagnosis.cause import CausePage, Clue, Testimony
from nanwatch.diagnosis.silent import NOT_LEARNING
from nanwatch.diagnosis.silent_examples import idle, layer
from nanwatch.events import Fix

FIX = Fix(
    "Give every hidden layer an activation.",
    '- keras.layers.Dense(64)\n+ keras.layers.Dense(64, activation="relu")',
)


def weigh(case: Case) -> Testimony | None:
    """Linear layers in a row, in a network that gets better with a relu between them."""
    portrait = network.first_portrait(case)
    row = network.linear_in_a_row(portrait) if portrait else []
    if portrait is None or not row:
        return None
    bending = [look for look in network.hidden(portrait) if look.activation != "linear"]
    seen = f"{len(row)}" if not bending else f"{len(row)}, beside {len(bending)} that bend"
    found = [Clue(0.0 if bending else 2.0, "hidden layers without activation", seen, "none", False)]
    summary = (
        f"{row[0].name} and the layer after it have no activation between them: together they are "
        "one linear layer, and what they could learn is a straight line."
    )
    return Testimony(summary, found, FIX, {"layer": row[0].name}, "between_relu")


STACK = tuple(layer(name, "linear") for name in ("a", "b", "c"))
PAGE = CausePage(
    label="missing_activation",
    title="A non-linearity is missing",
    why=(
        "A linear function of a linear function is linear: ten Dense layers without activation can "
        "do no more than one. What is not a straight line stays out of reach."
    ),
    remedy="Give every hidden layer an activation such as relu.",
    before="model = keras.Sequential([Dense(64), Dense(64), Dense(1)])",
    after='model = keras.Sequential([Dense(64, "relu"), Dense(64, "relu"), Dense(1)])',
    weigh=weigh,
    fires=(idle(symptom="underfit", autopsy={"layers": STACK}, between_relu=0.2),),
    quiet=(
        idle(symptom="underfit", autopsy={"layers": STACK}, between_relu=1.0),
        idle(autopsy={"layers": (layer("a", "relu"), layer("b", "linear"))}),
    ),
    symptoms=NOT_LEARNING,
)
